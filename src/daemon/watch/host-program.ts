import { findNativePrograms, nativeDirectory } from '../../enforce/sandbox/native-programs.ts'

/** The program that looks out; whoever gets the descriptor closes it. @throws when it was not built, or is another file */
export function openLookoutProgram(): number {
  const programs = findNativePrograms(['lookout'])
  if ('missing' in programs) throw new Error(`${programs.missing}; ${programs.fix}`)
  return programs.open('lookout')
}

/** Where Warder's own programs lie. */
export function programDirectory(): string {
  return nativeDirectory()
}
