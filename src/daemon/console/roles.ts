import type { EndpointName } from '../../api/endpoints.ts'

/**
 * Who may make a call through the console. `fresh`: the owner, who gave the passphrase or passkey a short time ago;
 * `never`: what needs the caller's own process, hands out or takes in a secret, or is how the console itself is turned
 * on. What is not here is not callable: whoever adds a call decides.
 */
export type MayCall = 'viewer' | 'operator' | 'owner' | 'fresh' | 'never'

const of = <const M extends MayCall>(may: M, ...names: readonly EndpointName[]) =>
  names.map((name) => [name, may] as const)

const TABLE: ReadonlyMap<EndpointName, MayCall> = new Map<EndpointName, MayCall>([
  ...of('viewer', 'status', 'daemon', 'health', 'metrics', 'runs', 'profiles'),
  ...of('viewer', 'grantList', 'policyShow', 'policyCheck', 'policyExplain', 'policyTest'),
  ...of('viewer', 'auditList', 'auditShow', 'approvalList', 'approvalShow', 'allowanceList', 'trustList'),
  ...of('viewer', 'autonomyShow', 'budgetList', 'hookList', 'egressList', 'airlockShow', 'taintShow'),
  ...of('viewer', 'mcpList', 'mcpPinList', 'mcpPinCompare', 'changesList', 'snapshotList', 'outboxList'),
  ...of('viewer', 'alertList', 'watchRules', 'watchStatus', 'incidentList', 'incidentShow'),
  ...of('viewer', 'postureShow', 'quarantineList', 'integrityShow', 'integrityDiff', 'emergencyShow'),
  ...of('operator', 'canaryList'),
  ...of('owner', 'incidentAck', 'incidentResolve', 'incidentRetry', 'incidentPlaybook', 'incidentStep'),
  ...of('owner', 'contain', 'quarantineRestore', 'canaryCheck', 'canaryPlant', 'canaryRemove'),
  ...of('owner', 'emergencyLock', 'postureScan'),
  ...of('fresh', 'watchReload', 'incidentExport', 'integrityBaseline', 'emergencyUnlock'),
  ...of('never', 'alertFollow', 'emergencyNote'),
  ...of('operator', 'approvalAnswer', 'stop', 'changesShow', 'snapshotShow', 'outboxShow', 'secretList'),
  ...of('operator', 'guestList', 'guestShow', 'deviceList', 'pairingList', 'tokenList'),
  ...of('owner', 'resume', 'grantAdd', 'grantRevoke', 'policyReload', 'auditExport', 'sandboxProbe'),
  ...of('owner', 'sandboxExplain'),
  ...of('owner', 'sandboxTest', 'changesApply', 'changesDiscard', 'snapshotTake', 'snapshotRestore'),
  ...of('owner', 'sessionList', 'sessionEnd', 'guestInvite', 'guestRevoke', 'pairingLook'),
  ...of('owner', 'pairingApprove', 'pairingReject', 'deviceRevoke', 'deviceRotate', 'senderRevoke'),
  ...of('owner', 'tokenRevoke', 'allowanceRevoke', 'trustSet', 'autonomySet', 'budgetSet', 'budgetReset'),
  ...of('owner', 'hookRelease', 'secretLock', 'airlockOpen', 'airlockClose', 'taintClear', 'mcpPinTrust'),
  ...of('owner', 'mcpPinReset', 'consoleShow'),
  ...of('fresh', 'auditArchive', 'snapshotDrop', 'outboxTake', 'secretDelete', 'consoleDismiss'),
  ...of('fresh', 'consolePolicy'),
  ...of('never', 'decide', 'open', 'execIn', 'forward', 'auditFollow', 'approvalFollow', 'capabilityRequest'),
  ...of('never', 'passphraseSet', 'passphraseCheck', 'passphraseRemove', 'ownerReset', 'login'),
  ...of('never', 'tokenIssue', 'tokenCheck', 'tokenSpend', 'budgetSpend', 'hookAsk', 'hookRan', 'mcpOpen'),
  ...of('never', 'secretSet', 'secretBind', 'secretRead', 'secretRotate', 'secretImport', 'secretLeaks'),
  ...of('never', 'secretPaths', 'secretUnlock', 'secretProtect', 'secretSeal', 'firewallAsk', 'firewallTell'),
  ...of('never', 'consoleOpen', 'consoleClose', 'consoleLink', 'totpBegin', 'totpConfirm', 'totpRemove'),
])

export function mayCall(name: EndpointName): MayCall {
  return TABLE.get(name) ?? 'never'
}

/** Whether somebody decided about this call. */
export function isDecided(name: EndpointName): boolean {
  return TABLE.has(name)
}
