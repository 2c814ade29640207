/** Made by tools/generate-schemas.ts; changes belong there. */
import type { ContentItem } from '../exi/codec.ts'

export interface SignatureType {
  readonly Id?: string
  readonly SignedInfo: SignedInfoType
  readonly SignatureValue: SignatureValueType
  readonly KeyInfo?: KeyInfoType
  readonly Object?: readonly ObjectType[]
}

export interface SignedInfoType {
  readonly Id?: string
  readonly CanonicalizationMethod: CanonicalizationMethodType
  readonly SignatureMethod: SignatureMethodType
  readonly Reference: readonly ReferenceType[]
}

export interface CanonicalizationMethodType {
  readonly Algorithm: string
  readonly $content?: readonly ContentItem[]
}

export interface SignatureMethodType {
  readonly Algorithm: string
  readonly $content?: readonly ContentItem[]
}

export interface ReferenceType {
  readonly Id?: string
  readonly URI?: string
  readonly Type?: string
  readonly Transforms?: TransformsType
  readonly DigestMethod: DigestMethodType
  readonly DigestValue: Uint8Array
}

export interface TransformsType {
  readonly Transform: readonly TransformType[]
}

export interface TransformType {
  readonly Algorithm: string
  readonly $content?: readonly ContentItem[]
}

export interface DigestMethodType {
  readonly Algorithm: string
  readonly $content?: readonly ContentItem[]
}

export interface SignatureValueType {
  readonly Id?: string
  readonly $value: Uint8Array
}

export interface KeyInfoType {
  readonly Id?: string
  readonly $content?: readonly ContentItem[]
}

export interface KeyValueType {
  readonly $content?: readonly ContentItem[]
}

export interface DSAKeyValueType {
  readonly P?: Uint8Array
  readonly Q?: Uint8Array
  readonly G?: Uint8Array
  readonly Y: Uint8Array
  readonly J?: Uint8Array
  readonly Seed?: Uint8Array
  readonly PgenCounter?: Uint8Array
}

export interface RSAKeyValueType {
  readonly Modulus: Uint8Array
  readonly Exponent: Uint8Array
}

export interface RetrievalMethodType {
  readonly URI?: string
  readonly Type?: string
  readonly Transforms?: TransformsType
}

export interface X509DataType {
  readonly $content?: readonly ContentItem[]
}

export interface X509IssuerSerialType {
  readonly X509IssuerName: string
  readonly X509SerialNumber: bigint
}

export interface PGPDataType {
  readonly $content?: readonly ContentItem[]
}

export interface SPKIDataType {
  readonly $content?: readonly ContentItem[]
}

export interface ObjectType {
  readonly Id?: string
  readonly MimeType?: string
  readonly Encoding?: string
  readonly $content?: readonly ContentItem[]
}

export interface ManifestType {
  readonly Id?: string
  readonly Reference: readonly ReferenceType[]
}

export interface SignaturePropertiesType {
  readonly Id?: string
  readonly SignatureProperty: readonly SignaturePropertyType[]
}

export interface SignaturePropertyType {
  readonly Target: string
  readonly Id?: string
  readonly $content?: readonly ContentItem[]
}

export type SASchedulesType = Readonly<Record<never, never>>

export interface SAScheduleListType {
  readonly SAScheduleTuple: readonly SAScheduleTupleType[]
}

export interface SAScheduleTupleType {
  readonly SAScheduleTupleID: number
  readonly PMaxSchedule: PMaxScheduleType
  readonly SalesTariff?: SalesTariffType
}

export interface PMaxScheduleType {
  readonly PMaxScheduleEntry: readonly PMaxScheduleEntryType[]
}

export interface EntryType {
  readonly RelativeTimeInterval: RelativeTimeIntervalType
}

export type IntervalType = Readonly<Record<never, never>>

export interface PMaxScheduleEntryType {
  readonly RelativeTimeInterval: RelativeTimeIntervalType
  readonly PMax: PhysicalValueType
}

export interface PhysicalValueType {
  readonly Multiplier: number
  readonly Unit: unitSymbolType
  readonly Value: number
}

export type unitSymbolType =
  | 'h'
  | 'm'
  | 's'
  | 'A'
  | 'V'
  | 'W'
  | 'Wh'

export interface SalesTariffType {
  readonly Id?: string
  readonly SalesTariffID: number
  readonly SalesTariffDescription?: string
  readonly NumEPriceLevels?: number
  readonly SalesTariffEntry: readonly SalesTariffEntryType[]
}

export interface SalesTariffEntryType {
  readonly RelativeTimeInterval: RelativeTimeIntervalType
  readonly EPriceLevel?: number
  readonly ConsumptionCost?: readonly ConsumptionCostType[]
}

export interface ConsumptionCostType {
  readonly startValue: PhysicalValueType
  readonly Cost: readonly CostType[]
}

export interface CostType {
  readonly costKind: costKindType
  readonly amount: number
  readonly amountMultiplier?: number
}

export type costKindType =
  | 'relativePricePercentage'
  | 'RenewableGenerationPercentage'
  | 'CarbonDioxideEmission'

export interface RelativeTimeIntervalType {
  readonly start: number
  readonly duration?: number
}

export interface EVSEStatusType {
  readonly NotificationMaxDelay: number
  readonly EVSENotification: EVSENotificationType
}

export type EVSENotificationType =
  | 'None'
  | 'StopCharging'
  | 'ReNegotiation'

export interface AC_EVSEStatusType {
  readonly NotificationMaxDelay: number
  readonly EVSENotification: EVSENotificationType
  readonly RCD: boolean
}

export type EVStatusType = Readonly<Record<never, never>>

export interface DC_EVSEStatusType {
  readonly NotificationMaxDelay: number
  readonly EVSENotification: EVSENotificationType
  readonly EVSEIsolationStatus?: isolationLevelType
  readonly EVSEStatusCode: DC_EVSEStatusCodeType
}

export type isolationLevelType =
  | 'Invalid'
  | 'Valid'
  | 'Warning'
  | 'Fault'
  | 'No_IMD'

export type DC_EVSEStatusCodeType =
  | 'EVSE_NotReady'
  | 'EVSE_Ready'
  | 'EVSE_Shutdown'
  | 'EVSE_UtilityInterruptEvent'
  | 'EVSE_IsolationMonitoringActive'
  | 'EVSE_EmergencyShutdown'
  | 'EVSE_Malfunction'
  | 'Reserved_8'
  | 'Reserved_9'
  | 'Reserved_A'
  | 'Reserved_B'
  | 'Reserved_C'

export interface DC_EVStatusType {
  readonly EVReady: boolean
  readonly EVErrorCode: DC_EVErrorCodeType
  readonly EVRESSSOC: number
}

export type DC_EVErrorCodeType =
  | 'NO_ERROR'
  | 'FAILED_RESSTemperatureInhibit'
  | 'FAILED_EVShiftPosition'
  | 'FAILED_ChargerConnectorLockFault'
  | 'FAILED_EVRESSMalfunction'
  | 'FAILED_ChargingCurrentdifferential'
  | 'FAILED_ChargingVoltageOutOfRange'
  | 'Reserved_A'
  | 'Reserved_B'
  | 'Reserved_C'
  | 'FAILED_ChargingSystemIncompatibility'
  | 'NoData'

export interface EVChargeParameterType {
  readonly DepartureTime?: number
}

export interface AC_EVChargeParameterType {
  readonly DepartureTime?: number
  readonly EAmount: PhysicalValueType
  readonly EVMaxVoltage: PhysicalValueType
  readonly EVMaxCurrent: PhysicalValueType
  readonly EVMinCurrent: PhysicalValueType
}

export interface DC_EVChargeParameterType {
  readonly DepartureTime?: number
  readonly DC_EVStatus: DC_EVStatusType
  readonly EVMaximumCurrentLimit: PhysicalValueType
  readonly EVMaximumPowerLimit?: PhysicalValueType
  readonly EVMaximumVoltageLimit: PhysicalValueType
  readonly EVEnergyCapacity?: PhysicalValueType
  readonly EVEnergyRequest?: PhysicalValueType
  readonly FullSOC?: number
  readonly BulkSOC?: number
}

export type EVSEChargeParameterType = Readonly<Record<never, never>>

export interface AC_EVSEChargeParameterType {
  readonly AC_EVSEStatus: AC_EVSEStatusType
  readonly EVSENominalVoltage: PhysicalValueType
  readonly EVSEMaxCurrent: PhysicalValueType
}

export interface DC_EVSEChargeParameterType {
  readonly DC_EVSEStatus: DC_EVSEStatusType
  readonly EVSEMaximumCurrentLimit: PhysicalValueType
  readonly EVSEMaximumPowerLimit: PhysicalValueType
  readonly EVSEMaximumVoltageLimit: PhysicalValueType
  readonly EVSEMinimumCurrentLimit: PhysicalValueType
  readonly EVSEMinimumVoltageLimit: PhysicalValueType
  readonly EVSECurrentRegulationTolerance?: PhysicalValueType
  readonly EVSEPeakCurrentRipple: PhysicalValueType
  readonly EVSEEnergyToBeDelivered?: PhysicalValueType
}

export type EVPowerDeliveryParameterType = Readonly<Record<never, never>>

export interface DC_EVPowerDeliveryParameterType {
  readonly DC_EVStatus: DC_EVStatusType
  readonly BulkChargingComplete?: boolean
  readonly ChargingComplete: boolean
}

export type BodyBaseType = Readonly<Record<never, never>>

export interface SessionSetupReqType {
  readonly EVCCID: Uint8Array
}

export interface SessionSetupResType {
  readonly ResponseCode: responseCodeType
  readonly EVSEID: string
  readonly EVSETimeStamp?: bigint
}

export type responseCodeType =
  | 'OK'
  | 'OK_NewSessionEstablished'
  | 'OK_OldSessionJoined'
  | 'OK_CertificateExpiresSoon'
  | 'FAILED'
  | 'FAILED_SequenceError'
  | 'FAILED_ServiceIDInvalid'
  | 'FAILED_UnknownSession'
  | 'FAILED_ServiceSelectionInvalid'
  | 'FAILED_PaymentSelectionInvalid'
  | 'FAILED_CertificateExpired'
  | 'FAILED_SignatureError'
  | 'FAILED_NoCertificateAvailable'
  | 'FAILED_CertChainError'
  | 'FAILED_ChallengeInvalid'
  | 'FAILED_ContractCanceled'
  | 'FAILED_WrongChargeParameter'
  | 'FAILED_PowerDeliveryNotApplied'
  | 'FAILED_TariffSelectionInvalid'
  | 'FAILED_ChargingProfileInvalid'
  | 'FAILED_MeteringSignatureNotValid'
  | 'FAILED_NoChargeServiceSelected'
  | 'FAILED_WrongEnergyTransferMode'
  | 'FAILED_ContactorError'
  | 'FAILED_CertificateNotAllowedAtThisEVSE'
  | 'FAILED_CertificateRevoked'

export interface ServiceDiscoveryReqType {
  readonly ServiceScope?: string
  readonly ServiceCategory?: serviceCategoryType
}

export type serviceCategoryType =
  | 'EVCharging'
  | 'Internet'
  | 'ContractCertificate'
  | 'OtherCustom'

export interface ServiceDiscoveryResType {
  readonly ResponseCode: responseCodeType
  readonly PaymentOptionList: PaymentOptionListType
  readonly ChargeService: ChargeServiceType
  readonly ServiceList?: ServiceListType
}

export interface PaymentOptionListType {
  readonly PaymentOption: readonly paymentOptionType[]
}

export type paymentOptionType =
  | 'Contract'
  | 'ExternalPayment'

export interface ChargeServiceType {
  readonly ServiceID: number
  readonly ServiceName?: string
  readonly ServiceCategory: serviceCategoryType
  readonly ServiceScope?: string
  readonly FreeService: boolean
  readonly SupportedEnergyTransferMode: SupportedEnergyTransferModeType
}

export interface ServiceType {
  readonly ServiceID: number
  readonly ServiceName?: string
  readonly ServiceCategory: serviceCategoryType
  readonly ServiceScope?: string
  readonly FreeService: boolean
}

export interface SupportedEnergyTransferModeType {
  readonly EnergyTransferMode: readonly EnergyTransferModeType[]
}

export type EnergyTransferModeType =
  | 'AC_single_phase_core'
  | 'AC_three_phase_core'
  | 'DC_core'
  | 'DC_extended'
  | 'DC_combo_core'
  | 'DC_unique'

export interface ServiceListType {
  readonly Service: readonly ServiceType[]
}

export interface ServiceDetailReqType {
  readonly ServiceID: number
}

export interface ServiceDetailResType {
  readonly ResponseCode: responseCodeType
  readonly ServiceID: number
  readonly ServiceParameterList?: ServiceParameterListType
}

export interface ServiceParameterListType {
  readonly ParameterSet: readonly ParameterSetType[]
}

export interface ParameterSetType {
  readonly ParameterSetID: number
  readonly Parameter: readonly ParameterType[]
}

export interface ParameterType {
  readonly Name: string
  readonly boolValue?: boolean
  readonly byteValue?: number
  readonly shortValue?: number
  readonly intValue?: number
  readonly physicalValue?: PhysicalValueType
  readonly stringValue?: string
}

export interface PaymentServiceSelectionReqType {
  readonly SelectedPaymentOption: paymentOptionType
  readonly SelectedServiceList: SelectedServiceListType
}

export interface SelectedServiceListType {
  readonly SelectedService: readonly SelectedServiceType[]
}

export interface SelectedServiceType {
  readonly ServiceID: number
  readonly ParameterSetID?: number
}

export interface PaymentServiceSelectionResType {
  readonly ResponseCode: responseCodeType
}

export interface PaymentDetailsReqType {
  readonly eMAID: string
  readonly ContractSignatureCertChain: CertificateChainType
}

export interface CertificateChainType {
  readonly Id?: string
  readonly Certificate: Uint8Array
  readonly SubCertificates?: SubCertificatesType
}

export interface SubCertificatesType {
  readonly Certificate: readonly Uint8Array[]
}

export interface PaymentDetailsResType {
  readonly ResponseCode: responseCodeType
  readonly GenChallenge: Uint8Array
  readonly EVSETimeStamp: bigint
}

export interface AuthorizationReqType {
  readonly Id?: string
  readonly GenChallenge?: Uint8Array
}

export interface AuthorizationResType {
  readonly ResponseCode: responseCodeType
  readonly EVSEProcessing: EVSEProcessingType
}

export type EVSEProcessingType =
  | 'Finished'
  | 'Ongoing'
  | 'Ongoing_WaitingForCustomerInteraction'

export interface ChargeParameterDiscoveryReqType {
  readonly MaxEntriesSAScheduleTuple?: number
  readonly RequestedEnergyTransferMode: EnergyTransferModeType
  readonly AC_EVChargeParameter?: AC_EVChargeParameterType
  readonly DC_EVChargeParameter?: DC_EVChargeParameterType
}

export interface ChargeParameterDiscoveryResType {
  readonly ResponseCode: responseCodeType
  readonly EVSEProcessing: EVSEProcessingType
  readonly SAScheduleList?: SAScheduleListType
  readonly AC_EVSEChargeParameter?: AC_EVSEChargeParameterType
  readonly DC_EVSEChargeParameter?: DC_EVSEChargeParameterType
}

export interface PowerDeliveryReqType {
  readonly ChargeProgress: chargeProgressType
  readonly SAScheduleTupleID: number
  readonly ChargingProfile?: ChargingProfileType
  readonly DC_EVPowerDeliveryParameter?: DC_EVPowerDeliveryParameterType
}

export type chargeProgressType =
  | 'Start'
  | 'Stop'
  | 'Renegotiate'

export interface ChargingProfileType {
  readonly ProfileEntry: readonly ProfileEntryType[]
}

export interface ProfileEntryType {
  readonly ChargingProfileEntryStart: number
  readonly ChargingProfileEntryMaxPower: PhysicalValueType
  readonly ChargingProfileEntryMaxNumberOfPhasesInUse?: number
}

export interface PowerDeliveryResType {
  readonly ResponseCode: responseCodeType
  readonly AC_EVSEStatus?: AC_EVSEStatusType
  readonly DC_EVSEStatus?: DC_EVSEStatusType
}

export interface MeteringReceiptReqType {
  readonly Id?: string
  readonly SessionID: Uint8Array
  readonly SAScheduleTupleID?: number
  readonly MeterInfo: MeterInfoType
}

export interface MeterInfoType {
  readonly MeterID: string
  readonly MeterReading?: bigint
  readonly SigMeterReading?: Uint8Array
  readonly MeterStatus?: number
  readonly TMeter?: bigint
}

export interface MeteringReceiptResType {
  readonly ResponseCode: responseCodeType
  readonly AC_EVSEStatus?: AC_EVSEStatusType
  readonly DC_EVSEStatus?: DC_EVSEStatusType
}

export interface SessionStopReqType {
  readonly ChargingSession: chargingSessionType
}

export type chargingSessionType =
  | 'Terminate'
  | 'Pause'

export interface SessionStopResType {
  readonly ResponseCode: responseCodeType
}

export interface CertificateUpdateReqType {
  readonly Id: string
  readonly ContractSignatureCertChain: CertificateChainType
  readonly eMAID: string
  readonly ListOfRootCertificateIDs: ListOfRootCertificateIDsType
}

export interface ListOfRootCertificateIDsType {
  readonly RootCertificateID: readonly X509IssuerSerialType[]
}

export interface CertificateUpdateResType {
  readonly ResponseCode: responseCodeType
  readonly SAProvisioningCertificateChain: CertificateChainType
  readonly ContractSignatureCertChain: CertificateChainType
  readonly ContractSignatureEncryptedPrivateKey: ContractSignatureEncryptedPrivateKeyType
  readonly DHpublickey: DiffieHellmanPublickeyType
  readonly eMAID: EMAIDType
  readonly RetryCounter?: number
}

export interface ContractSignatureEncryptedPrivateKeyType {
  readonly Id: string
  readonly $value: Uint8Array
}

export interface DiffieHellmanPublickeyType {
  readonly Id: string
  readonly $value: Uint8Array
}

export interface EMAIDType {
  readonly Id: string
  readonly $value: string
}

export interface CertificateInstallationReqType {
  readonly Id: string
  readonly OEMProvisioningCert: Uint8Array
  readonly ListOfRootCertificateIDs: ListOfRootCertificateIDsType
}

export interface CertificateInstallationResType {
  readonly ResponseCode: responseCodeType
  readonly SAProvisioningCertificateChain: CertificateChainType
  readonly ContractSignatureCertChain: CertificateChainType
  readonly ContractSignatureEncryptedPrivateKey: ContractSignatureEncryptedPrivateKeyType
  readonly DHpublickey: DiffieHellmanPublickeyType
  readonly eMAID: EMAIDType
}

export type ChargingStatusReqType = Readonly<Record<never, never>>

export interface ChargingStatusResType {
  readonly ResponseCode: responseCodeType
  readonly EVSEID: string
  readonly SAScheduleTupleID: number
  readonly EVSEMaxCurrent?: PhysicalValueType
  readonly MeterInfo?: MeterInfoType
  readonly ReceiptRequired?: boolean
  readonly AC_EVSEStatus: AC_EVSEStatusType
}

export interface CableCheckReqType {
  readonly DC_EVStatus: DC_EVStatusType
}

export interface CableCheckResType {
  readonly ResponseCode: responseCodeType
  readonly DC_EVSEStatus: DC_EVSEStatusType
  readonly EVSEProcessing: EVSEProcessingType
}

export interface PreChargeReqType {
  readonly DC_EVStatus: DC_EVStatusType
  readonly EVTargetVoltage: PhysicalValueType
  readonly EVTargetCurrent: PhysicalValueType
}

export interface PreChargeResType {
  readonly ResponseCode: responseCodeType
  readonly DC_EVSEStatus: DC_EVSEStatusType
  readonly EVSEPresentVoltage: PhysicalValueType
}

export interface CurrentDemandReqType {
  readonly DC_EVStatus: DC_EVStatusType
  readonly EVTargetCurrent: PhysicalValueType
  readonly EVMaximumVoltageLimit?: PhysicalValueType
  readonly EVMaximumCurrentLimit?: PhysicalValueType
  readonly EVMaximumPowerLimit?: PhysicalValueType
  readonly BulkChargingComplete?: boolean
  readonly ChargingComplete: boolean
  readonly RemainingTimeToFullSoC?: PhysicalValueType
  readonly RemainingTimeToBulkSoC?: PhysicalValueType
  readonly EVTargetVoltage: PhysicalValueType
}

export interface CurrentDemandResType {
  readonly ResponseCode: responseCodeType
  readonly DC_EVSEStatus: DC_EVSEStatusType
  readonly EVSEPresentVoltage: PhysicalValueType
  readonly EVSEPresentCurrent: PhysicalValueType
  readonly EVSECurrentLimitAchieved: boolean
  readonly EVSEVoltageLimitAchieved: boolean
  readonly EVSEPowerLimitAchieved: boolean
  readonly EVSEMaximumVoltageLimit?: PhysicalValueType
  readonly EVSEMaximumCurrentLimit?: PhysicalValueType
  readonly EVSEMaximumPowerLimit?: PhysicalValueType
  readonly EVSEID: string
  readonly SAScheduleTupleID: number
  readonly MeterInfo?: MeterInfoType
  readonly ReceiptRequired?: boolean
}

export interface WeldingDetectionReqType {
  readonly DC_EVStatus: DC_EVStatusType
}

export interface WeldingDetectionResType {
  readonly ResponseCode: responseCodeType
  readonly DC_EVSEStatus: DC_EVSEStatusType
  readonly EVSEPresentVoltage: PhysicalValueType
}

export interface V2G_MessageType {
  readonly Header: MessageHeaderType
  readonly Body: BodyType
}

export interface MessageHeaderType {
  readonly SessionID: Uint8Array
  readonly Notification?: NotificationType
  readonly Signature?: SignatureType
}

export interface NotificationType {
  readonly FaultCode: faultCodeType
  readonly FaultMsg?: string
}

export type faultCodeType =
  | 'ParsingError'
  | 'NoTLSRootCertificatAvailable'
  | 'UnknownError'

export interface BodyType {
  readonly AuthorizationReq?: AuthorizationReqType
  readonly AuthorizationRes?: AuthorizationResType
  readonly CableCheckReq?: CableCheckReqType
  readonly CableCheckRes?: CableCheckResType
  readonly CertificateInstallationReq?: CertificateInstallationReqType
  readonly CertificateInstallationRes?: CertificateInstallationResType
  readonly CertificateUpdateReq?: CertificateUpdateReqType
  readonly CertificateUpdateRes?: CertificateUpdateResType
  readonly ChargeParameterDiscoveryReq?: ChargeParameterDiscoveryReqType
  readonly ChargeParameterDiscoveryRes?: ChargeParameterDiscoveryResType
  readonly ChargingStatusReq?: ChargingStatusReqType
  readonly ChargingStatusRes?: ChargingStatusResType
  readonly CurrentDemandReq?: CurrentDemandReqType
  readonly CurrentDemandRes?: CurrentDemandResType
  readonly MeteringReceiptReq?: MeteringReceiptReqType
  readonly MeteringReceiptRes?: MeteringReceiptResType
  readonly PaymentDetailsReq?: PaymentDetailsReqType
  readonly PaymentDetailsRes?: PaymentDetailsResType
  readonly PaymentServiceSelectionReq?: PaymentServiceSelectionReqType
  readonly PaymentServiceSelectionRes?: PaymentServiceSelectionResType
  readonly PowerDeliveryReq?: PowerDeliveryReqType
  readonly PowerDeliveryRes?: PowerDeliveryResType
  readonly PreChargeReq?: PreChargeReqType
  readonly PreChargeRes?: PreChargeResType
  readonly ServiceDetailReq?: ServiceDetailReqType
  readonly ServiceDetailRes?: ServiceDetailResType
  readonly ServiceDiscoveryReq?: ServiceDiscoveryReqType
  readonly ServiceDiscoveryRes?: ServiceDiscoveryResType
  readonly SessionSetupReq?: SessionSetupReqType
  readonly SessionSetupRes?: SessionSetupResType
  readonly SessionStopReq?: SessionStopReqType
  readonly SessionStopRes?: SessionStopResType
  readonly WeldingDetectionReq?: WeldingDetectionReqType
  readonly WeldingDetectionRes?: WeldingDetectionResType
}

export type valueType =
  | 'bool'
  | 'byte'
  | 'short'
  | 'int'
  | 'physicalValue'
  | 'string'
