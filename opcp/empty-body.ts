import { Type } from 'typebox'

/** `{}`: the answer where OPCP has no body, since some clients parse one in any case. */
export const EmptyBody = Type.Object({}, { title: 'EmptyBody' })
