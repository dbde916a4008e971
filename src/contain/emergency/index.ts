/**
 * What is done when nothing else helps. A lock that can be lifted, the destruction of keys, the destruction of
 * everything: as steps that each are done and then looked at, so that nothing is said to be gone that is still there.
 * It refuses to empty a directory that is not Warder's alone, follows no link, and claims nothing of what a disk keeps
 * below the file system. And the ways back in for the person: it makes configurations and installs none by itself.
 */
export { bootFiles, isRecoveryBoot, MARK, serialFiles, sshFiles, type AccessFile } from './access.ts'
export { EMERGENCY_ERRORS, EmergencyError, emergencyError } from './errors.ts'
export { eraseFile, eraseInside, leftInside } from './erase.ts'
export {
  emergencyDirectory,
  readLock,
  readWipe,
  recordPath,
  sessionNotesPath,
  sessionsDirectory,
  removeLock,
  writeLock,
  writeRecord,
  writeWipe,
  type EmergencyLock,
  type WipeNotes,
} from './notes.ts'
export { isWhole, runSteps, WIPE_LEVELS, type StepResult, type WipeLevel, type WipeStep } from './wipe.ts'
export { humanSessions, utmpSessions, type Human } from './humans.ts'
export { confirmationWord } from './word.ts'
