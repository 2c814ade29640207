export { ISO15118_ALGORITHMS } from './certificate/algorithms.ts'
export type { CertificateAlgorithm } from './certificate/algorithms.ts'
export type {
  BasicConstraints,
  CertificateExtension,
  KeyUsage,
} from './certificate/certificate-extensions.ts'
export { profileOfUse } from './path/certificate-use.ts'
export type { CertificateUse } from './path/certificate-use.ts'
export {
  Certificate,
  CERTIFICATE_BYTES_MAX,
  parseCertificate,
  parseCertificates,
} from './certificate/certificate.ts'
export type { DistinguishedName, NameAttribute } from './certificate/distinguished-name.ts'
export { PkiError } from './errors.ts'
export type { PkiErrorCode } from './errors.ts'
export { explainPath } from './path/path-explanation.ts'
export type { ExplainedCertificate, PathExplanation } from './path/path-explanation.ts'
export { validatePath } from './path/path-validation.ts'
export type { PathValidation } from './path/path-validation.ts'
export type { PolicyDemand, RevocationDemand, RuleText } from './path/path-rule.ts'
export type { PathErrorCode, PathRefusal, PathVerdict } from './path/path-verdict.ts'
export { encryptedPrivateKeyPem } from './keys/encrypted-key.ts'
export { openFileSigner } from './keys/file-signer.ts'
export { HsmError } from './keys/hsm-error.ts'
export type { HsmErrorCode } from './keys/hsm-error.ts'
export { generatePkcs11KeyPair, wasMadeOnToken } from './keys/pkcs11-key-pair.ts'
export { openPkcs11Signer } from './keys/pkcs11-signer.ts'
export type { Pkcs11KeyReference } from './keys/pkcs11-signer.ts'
export type { SecretText, SigningKey } from './keys/signing-key.ts'
export { softwareSigner } from './keys/software-signer.ts'
export { VerifiedSignatures } from './path/verified-signatures.ts'
export { verifierOf } from './keys/verifier.ts'
export { CertificateAuthority, issueRoot, randomSerialNumber } from './issuing/certificate-authority.ts'
export type { CertificateOrder } from './issuing/certificate-authority.ts'
export type { CertificateSubject, RevocationAddresses } from './issuing/certificate-encoding.ts'
export { lintCertificate } from './issuing/certificate-lint.ts'
export type { LintCode, LintFinding, LintSeverity, LintStrictness } from './issuing/certificate-lint.ts'
export { readCertificateRequest, writeCertificateRequest } from './issuing/certificate-request.ts'
export type { CertificateRequest } from './issuing/certificate-request.ts'
export { writeRequestAttributes } from './issuing/request-attributes.ts'
export { readCertificatesOnly, writeCertificatesOnly } from './issuing/certificates-only.ts'
export {
  readCertificate,
  readCertificateDirectory,
  readCertificates,
} from './certificate/certificate-files.ts'
export { editionOf } from './profiles/certificate-edition.ts'
export type { CertificateEdition } from './profiles/certificate-edition.ts'
export { CERTIFICATE_PROFILES } from './profiles/certificate-profiles.ts'
export type { CertificateProfile, CertificateProfileName } from './profiles/certificate-profiles.ts'
export { listedRoots } from './certificate/listed-roots.ts'
export type { IssuerAndSerial } from './certificate/listed-roots.ts'
export { readPkiDirectory, readVehicle, writePkiDirectory, writeVehicle } from './issuing/pki-directory.ts'
export {
  generateP256KeyPair,
  generateSigningKeyPair,
  privateKeyPem,
  readPrivateKey,
} from './keys/private-key.ts'
export type { KeyPair } from './keys/private-key.ts'
export { authorityOf, createThrowawayPki, issueVehicle, PKI_MEMBERS } from './issuing/throwaway-pki.ts'
export type {
  KeyedCertificate,
  PkiMember,
  ThrowawayPki,
  VehicleCredentials,
} from './issuing/throwaway-pki.ts'
export { isIssuerOf } from './revocation/certificate-id.ts'
export { signCrl } from './revocation/crl-writer.ts'
export { decodeOcspRequestBody, decodeOcspRequestPath, readOcspRequest } from './revocation/ocsp-request.ts'
export { ocspErrorResponse, signOcspResponse } from './revocation/ocsp-responder.ts'
export type { OcspAnswer } from './revocation/ocsp-response.ts'
export { PathRevocation, revocationLog } from './revocation/path-revocation.ts'
export type { RevocationPorts, RevocationSettings, UnknownRevocation } from './revocation/path-revocation.ts'
export { REVOCATION_REASONS } from './revocation/revocation-status.ts'
export type { RevocationEvidence, RevocationReason } from './revocation/revocation-status.ts'
export { RevocationError } from './revocation/errors.ts'
export type { RevocationErrorCode } from './revocation/errors.ts'
export { parseCrl } from './revocation/certificate-revocation-list.ts'
export { CrlEvidence } from './revocation/crl-evidence.ts'
export type { RevocationStatus } from './revocation/revocation-status.ts'
