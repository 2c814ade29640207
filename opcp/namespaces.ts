/** The value of `xsdMsgDefNamespace` for ISO 15118-2, in its canonical spelling. */
export const ISO2_NAMESPACE = 'urn:iso:15118:2:2013:MsgDef'
/** The value of `xsdMsgDefNamespace` for ISO 15118-20, in its canonical spelling. */
export const ISO20_NAMESPACE = 'urn:iso:15118:20:2022:MsgDef'

export type MessageNamespace = typeof ISO2_NAMESPACE | typeof ISO20_NAMESPACE

/** What charge points and backends really send. The drafts of 2010 and DIN 70121 are other messages, hence absent. */
const SPELLINGS: ReadonlyMap<string, MessageNamespace> = new Map([
  [ISO2_NAMESPACE, ISO2_NAMESPACE],
  ['ISO15118-2', ISO2_NAMESPACE],
  [ISO20_NAMESPACE, ISO20_NAMESPACE],
  ['urn:iso:15118:20:2020:MsgDef', ISO20_NAMESPACE],
  ['urn:iso:std:iso:15118:-20:CommonMessages', ISO20_NAMESPACE],
  ['ISO15118-20', ISO20_NAMESPACE],
])

/** The canonical form of any spelling seen in the field; `undefined` for what names neither -2 nor -20. */
export function canonicalNamespace(text: string): MessageNamespace | undefined {
  return SPELLINGS.get(text)
}
