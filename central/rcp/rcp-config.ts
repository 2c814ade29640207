import { Type, type Static } from 'typebox'

import { FilePath } from '#service'

import { SIGNING_KEY_MEMBERS } from '../signing-key-source.ts'

/** Section `rcp` of the config. */
export const RcpConfig = Type.Object(
  {
    fourEyes: Type.Boolean({
      default: false,
      description: 'a root counts once an administrator who is another person has approved it',
    }),
    trustList: Type.Optional(
      Type.Object(
        {
          certificateFile: FilePath({ description: 'PEM: certificate of the key that signs the lists' }),
          ...SIGNING_KEY_MEMBERS,
          validityDays: Type.Integer({
            minimum: 2,
            maximum: 366,
            default: 30,
            description: 'until nextUpdate; a new list is made at half of it, and when roots change',
          }),
        },
        { additionalProperties: false, description: 'signs GET /v1/root/ctl; without it there is no list' },
      ),
    ),
  },
  { additionalProperties: false, default: {} },
)
export type RcpConfig = Static<typeof RcpConfig>
