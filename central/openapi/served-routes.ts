import type { FastifyInstance } from 'fastify'

import type { RouteDescription } from '#opcp'

export interface ServedRoute {
  readonly method: string
  /** As the router has it, with parameters written `:name`. */
  readonly url: string
  /** `undefined`: whoever added it has not said what it is. */
  readonly description: RouteDescription | undefined
}

export type DescribedRoute = ServedRoute & { readonly description: RouteDescription }

export function isDescribed(route: ServedRoute): route is DescribedRoute {
  return route.description !== undefined
}

/**
 * The routes that `app` gets from now on. Filled while they are added, so complete once `app` is ready. HEAD is only among
 * them where it is described as such, as every GET has one.
 */
export function collectRoutes(app: FastifyInstance): readonly ServedRoute[] {
  const routes: ServedRoute[] = []
  app.addHook('onRoute', ({ method, url, config }) => {
    const description = config?.description
    for (const one of [method].flat())
      if (one !== 'HEAD' || isHead(description)) routes.push({ method: one, url, description })
  })
  return routes
}

function isHead(description: RouteDescription | undefined): boolean {
  return description !== undefined && 'method' in description && description.method === 'HEAD'
}
