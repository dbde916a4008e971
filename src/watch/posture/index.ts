/**
 * How the machine is set up: keys, memory, files, network, programs. This room promises to say what is weaker than it
 * should be, with what to do about it, and what it could not look at. It mends only modes of Warder's own files and
 * its own leftovers, and only when told to. It trusts what the kernel says of files and processes.
 */
export { scanFiles, type FilesOptions } from './files.ts'
export { installedPlaces, type InstalledPlace } from './installed.ts'
export { keyPlaces, scanKeys, type KeysOptions } from './keys.ts'
export { MemoryWatch, readMemory, scanMemory, type MemoryUse } from './memory.ts'
export { apply, wordsOf, type Mended } from './mend.ts'
export { scanNetwork, type OpenPort } from './network.ts'
export { scanPrograms, type ProgramsOptions } from './programs.ts'
export {
  AREAS,
  scoreOf,
  WEIGHTS,
  type Area,
  type AreaReport,
  type Looked,
  type Mend,
  type Scan,
  type Weakness,
} from './report.ts'
export { Scans, type ScansOptions } from './scans.ts'
