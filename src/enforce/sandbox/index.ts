/**
 * The sandbox: where agents and tools run. It promises that what runs sees and reaches exactly what its spec says,
 * that nothing starts without a permit for that very spec, and that everything it started can be frozen and ended.
 * It refuses what it cannot enforce: a profile that asks for a guarantee this machine does not give does not start.
 * It trusts the kernel, bubblewrap, the programs under /usr, and the permit desk; it trusts nothing that runs inside,
 * no path it has not opened itself, and no digest it has not computed.
 */
export { SANDBOX_ERRORS, SandboxError } from './errors.ts'
export {
  FIXABLE,
  GUARANTEES,
  PROTECTED_NAMES,
  profileJsonSchema,
  profileSchema,
  type GuaranteeName,
  type Profile,
  type ProfileInput,
} from './profile.ts'
export { presets, webScraper } from './presets.ts'
export { loadProfiles, parseProfile, profileNamed } from './profile-file.ts'
export { overrideProfile, type Override } from './override.ts'
export { explain, type Explanation, type ExplainRow } from './explain.ts'
export { compile, hostOf, type CompileContext } from './compile.ts'
export { PROXY_PORT, type Way, type WayOut } from './way-out.ts'
export { type Layer } from './layer.ts'
export { type Reach } from './reach.ts'
export { diskLookup, type Lookup } from './lookup.ts'
export { specDigest, type Limits, type Mount, type SandboxSpec } from './spec.ts'
export {
  RUN_SIGNALS,
  type Guarantee,
  type KillReceipt,
  type LimitReport,
  type Probe,
  type ProcessIdentity,
  type RunExit,
  type CommandExit,
  type Running,
  type RunningCommand,
  type RunSignal,
  type RunStats,
  type SandboxDriver,
  type StartOptions,
  type TerminalSize,
} from './driver.ts'
export { createBubblewrapDriver, seccompDigestHere, type BubblewrapOptions } from './bubblewrap-driver.ts'
export {
  createSandboxDoor,
  type SandboxDoor,
  type DoorOptions,
  type HaltReceipt,
  type RunFilter,
} from './door.ts'
export { insideDigest, type InsideCommand } from './door-inside.ts'
export {
  MOST_CONNECTIONS,
  portDigest,
  type ForwardEnd,
  type InsidePort,
  type PortForward,
} from './door-forward.ts'
export { insideCommand, type InsideRequest } from './inside.ts'
export { fileRegistry, readRunRecords, sweepRegistry, type RunRecord, type RunRegistry } from './registry.ts'
export { stillHeld, temporaryPlaces, ticksNow, type TemporaryPlaces } from './worker-temporary.ts'
export type { Recycle } from './worker-profile.ts'
export { isAlive, killPidNamespace, membersOf, readProcess } from './processes.ts'
export { freezeAll } from './freeze.ts'
export { SpawnWatchOnDemand, type SpawnRecord, type SpawnWatchOptions } from './spawn.ts'
export { createLandlockDriver, type LandlockOptions } from './landlock-driver.ts'
export { atTier, TIERS, type Tier } from './level-tier.ts'
export { isAtLeast, levelOf, LEVELS, MINIMUM_LEVELS, type Level, type MinimumLevel } from './level.ts'
export {
  chooseDriver,
  createDriverChoice,
  type Candidate,
  type Choice,
  type DriverChoice,
} from './level-choice.ts'
export { createPodmanDriver, type PodmanDriver, type PodmanOptions } from './podman-driver.ts'
export { Deliveries, type Delivery } from './outbox-store.ts'
export type { TakeOutbox } from './podman-outbox.ts'
export {
  collectOutbox,
  withOutbox,
  type OutboxManifest,
  type OutboxRequest,
  type OutboxResult,
  type OutboxScan,
} from './outbox.ts'
