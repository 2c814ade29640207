import { TOKEN_PATH, type RouteDescription } from '#opcp'

import type { Json } from './schemas.ts'

/** The permissions of which a token needs one. */
export function scopesOf({ scope, otherScopes = [] }: RouteDescription): readonly string[] {
  return scope === undefined ? [] : [scope, ...otherScopes]
}

/** The Security Requirement Objects of a route, any one of which suffices. */
export function securityOf(route: RouteDescription): Json[] {
  if (route.clientCertificate === true) return [{ clientCertificate: [] }]
  return scopesOf(route).flatMap((scope) => [{ clientCredentials: [scope] }, { token: [scope] }])
}

export function securitySchemes(scopes: ReadonlySet<string>): Json {
  return {
    clientCredentials: {
      type: 'oauth2',
      flows: {
        clientCredentials: {
          tokenUrl: TOKEN_PATH,
          scopes: Object.fromEntries([...scopes].toSorted().map((scope) => [scope, ''])),
        },
      },
    },
    token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    clientCertificate: { type: 'mutualTLS' },
  }
}
