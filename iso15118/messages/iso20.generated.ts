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

export type CLReqControlModeType = Readonly<Record<never, never>>

export type CLResControlModeType = Readonly<Record<never, never>>

export interface SessionSetupReqType {
  readonly Header: MessageHeaderType
  readonly EVCCID: string
}

export interface V2GRequestType {
  readonly Header: MessageHeaderType
}

export interface V2GMessageType {
  readonly Header: MessageHeaderType
}

export interface MessageHeaderType {
  readonly SessionID: Uint8Array
  readonly TimeStamp: bigint
  readonly Signature?: SignatureType
}

export interface SessionSetupResType {
  readonly Header: MessageHeaderType
  readonly ResponseCode: responseCodeType
  readonly EVSEID: string
}

export interface V2GResponseType {
  readonly Header: MessageHeaderType
  readonly ResponseCode: responseCodeType
}

export type responseCodeType =
  | 'OK'
  | 'OK_CertificateExpiresSoon'
  | 'OK_NewSessionEstablished'
  | 'OK_OldSessionJoined'
  | 'OK_PowerToleranceConfirmed'
  | 'WARNING_AuthorizationSelectionInvalid'
  | 'WARNING_CertificateExpired'
  | 'WARNING_CertificateNotYetValid'
  | 'WARNING_CertificateRevoked'
  | 'WARNING_CertificateValidationError'
  | 'WARNING_ChallengeInvalid'
  | 'WARNING_EIMAuthorizationFailure'
  | 'WARNING_eMSPUnknown'
  | 'WARNING_EVPowerProfileViolation'
  | 'WARNING_GeneralPnCAuthorizationError'
  | 'WARNING_NoCertificateAvailable'
  | 'WARNING_NoContractMatchingPCIDFound'
  | 'WARNING_PowerToleranceNotConfirmed'
  | 'WARNING_ScheduleRenegotiationFailed'
  | 'WARNING_StandbyNotAllowed'
  | 'WARNING_WPT'
  | 'FAILED'
  | 'FAILED_AssociationError'
  | 'FAILED_ContactorError'
  | 'FAILED_EVPowerProfileInvalid'
  | 'FAILED_EVPowerProfileViolation'
  | 'FAILED_MeteringSignatureNotValid'
  | 'FAILED_NoEnergyTransferServiceSelected'
  | 'FAILED_NoServiceRenegotiationSupported'
  | 'FAILED_PauseNotAllowed'
  | 'FAILED_PowerDeliveryNotApplied'
  | 'FAILED_PowerToleranceNotConfirmed'
  | 'FAILED_ScheduleRenegotiation'
  | 'FAILED_ScheduleSelectionInvalid'
  | 'FAILED_SequenceError'
  | 'FAILED_ServiceIDInvalid'
  | 'FAILED_ServiceSelectionInvalid'
  | 'FAILED_SignatureError'
  | 'FAILED_UnknownSession'
  | 'FAILED_WrongChargeParameter'

export interface AuthorizationSetupReqType {
  readonly Header: MessageHeaderType
}

export interface AuthorizationSetupResType {
  readonly Header: MessageHeaderType
  readonly ResponseCode: responseCodeType
  readonly AuthorizationServices: readonly authorizationType[]
  readonly CertificateInstallationService: boolean
  readonly EIM_ASResAuthorizationMode?: EIM_ASResAuthorizationModeType
  readonly PnC_ASResAuthorizationMode?: PnC_ASResAuthorizationModeType
}

export type authorizationType =
  | 'EIM'
  | 'PnC'

export type EIM_ASResAuthorizationModeType = Readonly<Record<never, never>>

export interface PnC_ASResAuthorizationModeType {
  readonly GenChallenge: Uint8Array
  readonly SupportedProviders?: SupportedProvidersListType
}

export interface SupportedProvidersListType {
  readonly ProviderID: readonly string[]
}

export interface AuthorizationReqType {
  readonly Header: MessageHeaderType
  readonly SelectedAuthorizationService: authorizationType
  readonly EIM_AReqAuthorizationMode?: EIM_AReqAuthorizationModeType
  readonly PnC_AReqAuthorizationMode?: PnC_AReqAuthorizationModeType
}

export type EIM_AReqAuthorizationModeType = Readonly<Record<never, never>>

export interface PnC_AReqAuthorizationModeType {
  readonly Id: string
  readonly GenChallenge: Uint8Array
  readonly ContractCertificateChain: ContractCertificateChainType
}

export interface ContractCertificateChainType {
  readonly Certificate: Uint8Array
  readonly SubCertificates: SubCertificatesType
}

export interface SubCertificatesType {
  readonly Certificate: readonly Uint8Array[]
}

export interface AuthorizationResType {
  readonly Header: MessageHeaderType
  readonly ResponseCode: responseCodeType
  readonly EVSEProcessing: processingType
}

export type processingType =
  | 'Finished'
  | 'Ongoing'
  | 'Ongoing_WaitingForCustomerInteraction'

export interface ServiceDiscoveryReqType {
  readonly Header: MessageHeaderType
  readonly SupportedServiceIDs?: ServiceIDListType
}

export interface ServiceIDListType {
  readonly ServiceID: readonly number[]
}

export interface ServiceDiscoveryResType {
  readonly Header: MessageHeaderType
  readonly ResponseCode: responseCodeType
  readonly ServiceRenegotiationSupported: boolean
  readonly EnergyTransferServiceList: ServiceListType
  readonly VASList?: ServiceListType
}

export interface ServiceListType {
  readonly Service: readonly ServiceType[]
}

export interface ServiceType {
  readonly ServiceID: number
  readonly FreeService: boolean
}

export interface ServiceDetailReqType {
  readonly Header: MessageHeaderType
  readonly ServiceID: number
}

export interface ServiceDetailResType {
  readonly Header: MessageHeaderType
  readonly ResponseCode: responseCodeType
  readonly ServiceID: number
  readonly ServiceParameterList: ServiceParameterListType
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
  readonly rationalNumber?: RationalNumberType
  readonly finiteString?: string
}

export interface RationalNumberType {
  readonly Exponent: number
  readonly Value: number
}

export interface ServiceSelectionReqType {
  readonly Header: MessageHeaderType
  readonly SelectedEnergyTransferService: SelectedServiceType
  readonly SelectedVASList?: SelectedServiceListType
}

export interface SelectedServiceType {
  readonly ServiceID: number
  readonly ParameterSetID: number
}

export interface SelectedServiceListType {
  readonly SelectedService: readonly SelectedServiceType[]
}

export interface ServiceSelectionResType {
  readonly Header: MessageHeaderType
  readonly ResponseCode: responseCodeType
}

export interface ScheduleExchangeReqType {
  readonly Header: MessageHeaderType
  readonly MaximumSupportingPoints: number
  readonly Dynamic_SEReqControlMode?: Dynamic_SEReqControlModeType
  readonly Scheduled_SEReqControlMode?: Scheduled_SEReqControlModeType
}

export interface Dynamic_SEReqControlModeType {
  readonly DepartureTime: number
  readonly MinimumSOC?: number
  readonly TargetSOC?: number
  readonly EVTargetEnergyRequest: RationalNumberType
  readonly EVMaximumEnergyRequest: RationalNumberType
  readonly EVMinimumEnergyRequest: RationalNumberType
  readonly EVMaximumV2XEnergyRequest?: RationalNumberType
  readonly EVMinimumV2XEnergyRequest?: RationalNumberType
}

export interface Scheduled_SEReqControlModeType {
  readonly DepartureTime?: number
  readonly EVTargetEnergyRequest?: RationalNumberType
  readonly EVMaximumEnergyRequest?: RationalNumberType
  readonly EVMinimumEnergyRequest?: RationalNumberType
  readonly EVEnergyOffer?: EVEnergyOfferType
}

export interface EVEnergyOfferType {
  readonly EVPowerSchedule: EVPowerScheduleType
  readonly EVAbsolutePriceSchedule: EVAbsolutePriceScheduleType
}

export interface EVPowerScheduleType {
  readonly TimeAnchor: bigint
  readonly EVPowerScheduleEntries: EVPowerScheduleEntryListType
}

export interface EVPowerScheduleEntryListType {
  readonly EVPowerScheduleEntry: readonly EVPowerScheduleEntryType[]
}

export interface EVPowerScheduleEntryType {
  readonly Duration: number
  readonly Power: RationalNumberType
}

export interface EVAbsolutePriceScheduleType {
  readonly TimeAnchor: bigint
  readonly Currency: string
  readonly PriceAlgorithm: string
  readonly EVPriceRuleStacks: EVPriceRuleStackListType
}

export interface EVPriceRuleStackListType {
  readonly EVPriceRuleStack: readonly EVPriceRuleStackType[]
}

export interface EVPriceRuleStackType {
  readonly Duration: number
  readonly EVPriceRule: readonly EVPriceRuleType[]
}

export interface EVPriceRuleType {
  readonly EnergyFee: RationalNumberType
  readonly PowerRangeStart: RationalNumberType
}

export interface ScheduleExchangeResType {
  readonly Header: MessageHeaderType
  readonly ResponseCode: responseCodeType
  readonly EVSEProcessing: processingType
  readonly GoToPause?: boolean
  readonly Dynamic_SEResControlMode?: Dynamic_SEResControlModeType
  readonly Scheduled_SEResControlMode?: Scheduled_SEResControlModeType
}

export interface Dynamic_SEResControlModeType {
  readonly DepartureTime?: number
  readonly MinimumSOC?: number
  readonly TargetSOC?: number
  readonly AbsolutePriceSchedule?: AbsolutePriceScheduleType
  readonly PriceLevelSchedule?: PriceLevelScheduleType
}

export interface AbsolutePriceScheduleType {
  readonly Id?: string
  readonly TimeAnchor: bigint
  readonly PriceScheduleID: number
  readonly PriceScheduleDescription?: string
  readonly Currency: string
  readonly Language: string
  readonly PriceAlgorithm: string
  readonly MinimumCost?: RationalNumberType
  readonly MaximumCost?: RationalNumberType
  readonly TaxRules?: TaxRuleListType
  readonly PriceRuleStacks: PriceRuleStackListType
  readonly OverstayRules?: OverstayRuleListType
  readonly AdditionalSelectedServices?: AdditionalServiceListType
}

export interface PriceScheduleType {
  readonly TimeAnchor: bigint
  readonly PriceScheduleID: number
  readonly PriceScheduleDescription?: string
}

export interface TaxRuleListType {
  readonly TaxRule: readonly TaxRuleType[]
}

export interface TaxRuleType {
  readonly TaxRuleID: number
  readonly TaxRuleName?: string
  readonly TaxRate: RationalNumberType
  readonly TaxIncludedInPrice?: boolean
  readonly AppliesToEnergyFee: boolean
  readonly AppliesToParkingFee: boolean
  readonly AppliesToOverstayFee: boolean
  readonly AppliesMinimumMaximumCost: boolean
}

export interface PriceRuleStackListType {
  readonly PriceRuleStack: readonly PriceRuleStackType[]
}

export interface PriceRuleStackType {
  readonly Duration: number
  readonly PriceRule: readonly PriceRuleType[]
}

export interface PriceRuleType {
  readonly EnergyFee: RationalNumberType
  readonly ParkingFee?: RationalNumberType
  readonly ParkingFeePeriod?: number
  readonly CarbonDioxideEmission?: number
  readonly RenewableGenerationPercentage?: number
  readonly PowerRangeStart: RationalNumberType
}

export interface OverstayRuleListType {
  readonly OverstayTimeThreshold?: number
  readonly OverstayPowerThreshold?: RationalNumberType
  readonly OverstayRule: readonly OverstayRuleType[]
}

export interface OverstayRuleType {
  readonly OverstayRuleDescription?: string
  readonly StartTime: number
  readonly OverstayFee: RationalNumberType
  readonly OverstayFeePeriod: number
}

export interface AdditionalServiceListType {
  readonly AdditionalService: readonly AdditionalServiceType[]
}

export interface AdditionalServiceType {
  readonly ServiceName: string
  readonly ServiceFee: RationalNumberType
}

export interface PriceLevelScheduleType {
  readonly Id?: string
  readonly TimeAnchor: bigint
  readonly PriceScheduleID: number
  readonly PriceScheduleDescription?: string
  readonly NumberOfPriceLevels: number
  readonly PriceLevelScheduleEntries: PriceLevelScheduleEntryListType
}

export interface PriceLevelScheduleEntryListType {
  readonly PriceLevelScheduleEntry: readonly PriceLevelScheduleEntryType[]
}

export interface PriceLevelScheduleEntryType {
  readonly Duration: number
  readonly PriceLevel: number
}

export interface Scheduled_SEResControlModeType {
  readonly ScheduleTuple: readonly ScheduleTupleType[]
}

export interface ScheduleTupleType {
  readonly ScheduleTupleID: number
  readonly ChargingSchedule: ChargingScheduleType
  readonly DischargingSchedule?: ChargingScheduleType
}

export interface ChargingScheduleType {
  readonly PowerSchedule: PowerScheduleType
  readonly AbsolutePriceSchedule?: AbsolutePriceScheduleType
  readonly PriceLevelSchedule?: PriceLevelScheduleType
}

export interface PowerScheduleType {
  readonly TimeAnchor: bigint
  readonly AvailableEnergy?: RationalNumberType
  readonly PowerTolerance?: RationalNumberType
  readonly PowerScheduleEntries: PowerScheduleEntryListType
}

export interface PowerScheduleEntryListType {
  readonly PowerScheduleEntry: readonly PowerScheduleEntryType[]
}

export interface PowerScheduleEntryType {
  readonly Duration: number
  readonly Power: RationalNumberType
  readonly Power_L2?: RationalNumberType
  readonly Power_L3?: RationalNumberType
}

export interface PowerDeliveryReqType {
  readonly Header: MessageHeaderType
  readonly EVProcessing: processingType
  readonly ChargeProgress: chargeProgressType
  readonly EVPowerProfile?: EVPowerProfileType
  readonly BPT_ChannelSelection?: channelSelectionType
}

export type chargeProgressType =
  | 'Start'
  | 'Stop'
  | 'Standby'
  | 'ScheduleRenegotiation'

export interface EVPowerProfileType {
  readonly TimeAnchor: bigint
  readonly Dynamic_EVPPTControlMode?: Dynamic_EVPPTControlModeType
  readonly Scheduled_EVPPTControlMode?: Scheduled_EVPPTControlModeType
  readonly EVPowerProfileEntries: EVPowerProfileEntryListType
}

export type Dynamic_EVPPTControlModeType = Readonly<Record<never, never>>

export interface Scheduled_EVPPTControlModeType {
  readonly SelectedScheduleTupleID: number
  readonly PowerToleranceAcceptance?: powerToleranceAcceptanceType
}

export type powerToleranceAcceptanceType =
  | 'PowerToleranceNotConfirmed'
  | 'PowerToleranceConfirmed'

export interface EVPowerProfileEntryListType {
  readonly EVPowerProfileEntry: readonly PowerScheduleEntryType[]
}

export type channelSelectionType =
  | 'Charge'
  | 'Discharge'

export interface PowerDeliveryResType {
  readonly Header: MessageHeaderType
  readonly ResponseCode: responseCodeType
  readonly EVSEStatus?: EVSEStatusType
}

export interface EVSEStatusType {
  readonly NotificationMaxDelay: number
  readonly EVSENotification: evseNotificationType
}

export type evseNotificationType =
  | 'Pause'
  | 'ExitStandby'
  | 'Terminate'
  | 'ScheduleRenegotiation'
  | 'ServiceRenegotiation'
  | 'MeteringConfirmation'

export interface MeteringConfirmationReqType {
  readonly Header: MessageHeaderType
  readonly SignedMeteringData: SignedMeteringDataType
}

export interface SignedMeteringDataType {
  readonly Id: string
  readonly SessionID: Uint8Array
  readonly MeterInfo: MeterInfoType
  readonly Receipt?: ReceiptType
  readonly Dynamic_SMDTControlMode?: Dynamic_SMDTControlModeType
  readonly Scheduled_SMDTControlMode?: Scheduled_SMDTControlModeType
}

export interface MeterInfoType {
  readonly MeterID: string
  readonly ChargedEnergyReadingWh: bigint
  readonly BPT_DischargedEnergyReadingWh?: bigint
  readonly CapacitiveEnergyReadingVARh?: bigint
  readonly BPT_InductiveEnergyReadingVARh?: bigint
  readonly MeterSignature?: Uint8Array
  readonly MeterStatus?: number
  readonly MeterTimestamp?: bigint
}

export interface ReceiptType {
  readonly TimeAnchor: bigint
  readonly EnergyCosts?: DetailedCostType
  readonly OccupancyCosts?: DetailedCostType
  readonly AdditionalServicesCosts?: DetailedCostType
  readonly OverstayCosts?: DetailedCostType
  readonly TaxCosts?: readonly DetailedTaxType[]
}

export interface DetailedCostType {
  readonly Amount: RationalNumberType
  readonly CostPerUnit: RationalNumberType
}

export interface DetailedTaxType {
  readonly TaxRuleID: number
  readonly Amount: RationalNumberType
}

export type Dynamic_SMDTControlModeType = Readonly<Record<never, never>>

export interface Scheduled_SMDTControlModeType {
  readonly SelectedScheduleTupleID: number
}

export interface MeteringConfirmationResType {
  readonly Header: MessageHeaderType
  readonly ResponseCode: responseCodeType
}

export interface SessionStopReqType {
  readonly Header: MessageHeaderType
  readonly ChargingSession: chargingSessionType
  readonly EVTerminationCode?: string
  readonly EVTerminationExplanation?: string
}

export type chargingSessionType =
  | 'Pause'
  | 'Terminate'
  | 'ServiceRenegotiation'

export interface SessionStopResType {
  readonly Header: MessageHeaderType
  readonly ResponseCode: responseCodeType
}

export interface CertificateInstallationReqType {
  readonly Header: MessageHeaderType
  readonly OEMProvisioningCertificateChain: SignedCertificateChainType
  readonly ListOfRootCertificateIDs: ListOfRootCertificateIDsType
  readonly MaximumContractCertificateChains: number
  readonly PrioritizedEMAIDs?: EMAIDListType
}

export interface SignedCertificateChainType {
  readonly Id: string
  readonly Certificate: Uint8Array
  readonly SubCertificates?: SubCertificatesType
}

export interface ListOfRootCertificateIDsType {
  readonly RootCertificateID: readonly X509IssuerSerialType[]
}

export interface EMAIDListType {
  readonly EMAID: readonly string[]
}

export interface CertificateInstallationResType {
  readonly Header: MessageHeaderType
  readonly ResponseCode: responseCodeType
  readonly EVSEProcessing: processingType
  readonly CPSCertificateChain: CertificateChainType
  readonly SignedInstallationData: SignedInstallationDataType
  readonly RemainingContractCertificateChains: number
}

export interface CertificateChainType {
  readonly Certificate: Uint8Array
  readonly SubCertificates?: SubCertificatesType
}

export interface SignedInstallationDataType {
  readonly Id: string
  readonly ContractCertificateChain: ContractCertificateChainType
  readonly ECDHCurve: ecdhCurveType
  readonly DHPublicKey: Uint8Array
  readonly SECP521_EncryptedPrivateKey?: Uint8Array
  readonly X448_EncryptedPrivateKey?: Uint8Array
  readonly TPM_EncryptedPrivateKey?: Uint8Array
}

export type ecdhCurveType =
  | 'SECP521'
  | 'X448'

export interface VehicleCheckInReqType {
  readonly Header: MessageHeaderType
  readonly EVCheckInStatus: evCheckInStatusType
  readonly ParkingMethod: parkingMethodType
  readonly VehicleFrame?: number
  readonly DeviceOffset?: number
  readonly VehicleTravel?: number
}

export type evCheckInStatusType =
  | 'CheckIn'
  | 'Processing'
  | 'Completed'

export type parkingMethodType =
  | 'AutoParking'
  | 'MVGuideManual'
  | 'Manual'

export interface VehicleCheckInResType {
  readonly Header: MessageHeaderType
  readonly ResponseCode: responseCodeType
  readonly ParkingSpace?: number
  readonly DeviceLocation?: number
  readonly TargetDistance?: number
}

export interface VehicleCheckOutReqType {
  readonly Header: MessageHeaderType
  readonly EVCheckOutStatus: evCheckOutStatusType
  readonly CheckOutTime: bigint
}

export type evCheckOutStatusType =
  | 'CheckOut'
  | 'Processing'
  | 'Completed'

export interface VehicleCheckOutResType {
  readonly Header: MessageHeaderType
  readonly ResponseCode: responseCodeType
  readonly EVSECheckOutStatus: evseCheckOutStatusType
}

export type evseCheckOutStatusType =
  | 'Scheduled'
  | 'Completed'

export interface ChargeParameterDiscoveryReqType {
  readonly Header: MessageHeaderType
}

export interface ChargeParameterDiscoveryResType {
  readonly Header: MessageHeaderType
  readonly ResponseCode: responseCodeType
}

export interface ChargeLoopReqType {
  readonly Header: MessageHeaderType
  readonly DisplayParameters?: DisplayParametersType
  readonly MeterInfoRequested: boolean
}

export interface DisplayParametersType {
  readonly PresentSOC?: number
  readonly MinimumSOC?: number
  readonly TargetSOC?: number
  readonly MaximumSOC?: number
  readonly RemainingTimeToMinimumSOC?: number
  readonly RemainingTimeToTargetSOC?: number
  readonly RemainingTimeToMaximumSOC?: number
  readonly ChargingComplete?: boolean
  readonly BatteryEnergyCapacity?: RationalNumberType
  readonly InletHot?: boolean
}

export interface ChargeLoopResType {
  readonly Header: MessageHeaderType
  readonly ResponseCode: responseCodeType
  readonly EVSEStatus?: EVSEStatusType
  readonly MeterInfo?: MeterInfoType
  readonly Receipt?: ReceiptType
}

export interface Scheduled_CLReqControlModeType {
  readonly EVTargetEnergyRequest?: RationalNumberType
  readonly EVMaximumEnergyRequest?: RationalNumberType
  readonly EVMinimumEnergyRequest?: RationalNumberType
}

export type Scheduled_CLResControlModeType = Readonly<Record<never, never>>

export interface Dynamic_CLReqControlModeType {
  readonly DepartureTime?: number
  readonly EVTargetEnergyRequest: RationalNumberType
  readonly EVMaximumEnergyRequest: RationalNumberType
  readonly EVMinimumEnergyRequest: RationalNumberType
}

export interface Dynamic_CLResControlModeType {
  readonly DepartureTime?: number
  readonly MinimumSOC?: number
  readonly TargetSOC?: number
  readonly AckMaxDelay?: number
}

export interface TargetPositionType {
  readonly TargetOffsetX: number
  readonly TargetOffsetY: number
}
