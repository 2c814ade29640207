/** A parameter of a path as the router has it; `*` is the rest of the path. */
const PARAMETER = /:(\w+)|\*/g

/** Of `/a/:b/*`, `b` and `rest`. */
export function namesInUrl(url: string): readonly string[] {
  return [...url.matchAll(PARAMETER)].map(([, name = 'rest']) => name)
}

/** Of `/a/{b}`, `b`. */
export function namesInTemplate(path: string): readonly string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
}

/**
 * The paths of the router as OpenAPI writes them, in the same order. Those that differ in the names of their parameters
 * alone are one path to OpenAPI: their parameters get one name, `{pcidOrEmaid}`.
 */
export function pathTemplates(urls: readonly string[]): readonly string[] {
  const alike = Map.groupBy(urls, shapeOf)
  return urls.map((url) => {
    const names = (alike.get(shapeOf(url)) ?? []).map(namesInUrl)
    let at = 0
    return url.replace(PARAMETER, () => {
      const all = new Set(names.map((of) => of[at] ?? ''))
      at += 1
      return `{${[...all].map((name, index) => (index === 0 ? name : `Or${capital(name)}`)).join('')}}`
    })
  })
}

function shapeOf(url: string): string {
  return url.replace(PARAMETER, ':')
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}
