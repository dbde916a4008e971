/**
 * The firewall of this machine, for those who want one. It promises: a default of no, in and out; one table of its own
 * and nothing of anybody else's; changes as one step that takes itself back unless it is confirmed. It refuses to act
 * without the rights, without a way back that was checked, and without somebody who watches over it. It trusts nft and
 * the kernel; it does not promise to absorb a flood that fills the line.
 */
export { apply, confirm, remove, restore, rollBack, settle, watchOver, type FirewallHost } from './change.ts'
export { block, blockedNow, isBlocked, unblock, type ToBlock } from './blocks.ts'
export { differences, lasting, type Difference } from './drift.ts'
export { FIREWALL_ERRORS, FirewallError } from './errors.ts'
export { bootId, isRouting, loadSettings, readText, startWatch, userIds, type Watcher } from './host.ts'
export { replacing, type Block, type Opening, type Table } from './model.ts'
export { IN_SCRATCH, openNft, type Nft } from './nft.ts'
export { allow, openNow, revoke } from './openings.ts'
export { requireNetAdmin, requireRoot } from './rights.ts'
export { checkResolver } from './resolver-check.ts'
export { unboundConfig } from './resolver.ts'
export { address, type FirewallSettings } from './settings.ts'
export { linesOf } from './show.ts'
export { FirewallState, type Change } from './state.ts'
export { look, SYSCTLS, type Sysctl, type SysctlState } from './sysctl.ts'
export { applySysctls, rollBackSysctls, sysctlTree } from './sysctl-change.ts'
export { notesOn, tableOf } from './table.ts'
