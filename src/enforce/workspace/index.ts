/**
 * Workspaces: what agents change, and the way back. The room promises that nothing an agent wrote to a change set
 * reaches the workspace but what was chosen, exactly as it was looked at, all of it or none, with a snapshot taken
 * first; that a clone gives its commits and nothing that runs; and that a snapshot gives back what it kept. It refuses
 * what it cannot read or does not understand, what the host changed meanwhile, and devices, pipes, sockets and set-id
 * files altogether. It trusts the kernel's overlay and what stands in its own private directories; it trusts nothing
 * that an agent wrote: no link is followed, no configuration is read, no hook is run.
 */
export { WORKSPACE_ERRORS, WorkspaceError } from './errors.ts'
export {
  ACCEPTABLE,
  FLAG_MEANINGS,
  NEVER,
  type AcceptableFlag,
  type Change,
  type ChangeReport,
  type Flag,
  type Side,
} from './change.ts'
export { ChangeSets, type ChangeSet, type ChangeSetsOptions, type OpenChangeSet } from './change-sets.ts'
export { Changes, type Applied, type ApplyRequest, type ChangesOptions, type Shown } from './changes.ts'
export { type Left } from './apply.ts'
export { Snapshots, type Restored, type SnapshotsOptions } from './snapshots.ts'
export { SNAPSHOT_CAUSES, type Snapshot, type SnapshotCause } from './manifest.ts'
export { Clones, type Clone, type ClonesOptions, type Fetched, type OpenClone } from './clones.ts'
export { hostDisk, refuseFullDisk, refuseTooLarge, type Disk, type DiskLimits } from './disk.ts'
export { driversOff, git, neutralGit, type GitCall, type GitOptions } from './git.ts'
export { protectedMatcher } from './protected.ts'
export { type Places, type RunsAs } from './places.ts'
export { Transactions, type Recovered } from './transaction.ts'
