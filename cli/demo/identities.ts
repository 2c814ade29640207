import { emaidCheckDigit, parseEmaid } from '#iso15118'

/** 17 characters of ISO 15118-2; the first three are a WMI that belongs to nobody. */
export const DEMO_PCID = 'EVODEMO0000000001'

export const DEMO_WMI = 'EVO'
/** Of the MO without a PKI, whose contracts the operator makes. */
export const DEMO_PROVIDER_ID = 'DEEVO'
/** Of the MO with a PKI of its own. */
export const EXTERNAL_PROVIDER_ID = 'DEEVX'
export const DEMO_OPERATOR_ID = 'DEEVO'

export const DEMO_CHARGE_POINT = 'EVOUCH-CP-1'

/** The EMAID of the n-th contract of the demo's provider, with its check digit. `series` is a letter. */
export function demoEmaid(series: string, n: number): string {
  const key = `${DEMO_PROVIDER_ID}${series}${String(n).padStart(8, '0')}`
  return key + emaidCheckDigit(parseEmaid(key))
}

/** Charge points for load: OCPP lets each have one call under way, so that these are calls at the same time. */
export const LOAD_CHARGE_POINTS: readonly string[] = Array.from(
  { length: 16 },
  (_, n) => `EVOUCH-LOAD-${n + 1}`,
)
