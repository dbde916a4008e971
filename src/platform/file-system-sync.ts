import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { messageOf } from '../core/error.ts'
import { FILE_ERRORS, FileError } from './files.ts'

const run = promisify(execFile)

/**
 * Makes everything that was written to the file system of `path` survive a power cut: one call for thousands of files,
 * which one by one would take minutes. It is a program's work (coreutils), so that a slow disk holds up no thread here.
 *
 * @throws FileError `FILE_UNWRITABLE`
 */
export async function syncFileSystem(path: string): Promise<void> {
  const program = ['/usr/bin/sync', '/bin/sync'].find((each) => existsSync(each))
  try {
    if (program === undefined) throw new Error('there is no program sync')
    // only Linux's own can name one file system; elsewhere all are written
    await run(program, process.platform === 'linux' ? ['-f', path] : [], { env: {} })
  } catch (cause) {
    throw new FileError(FILE_ERRORS, 'FILE_UNWRITABLE', {
      what: `what was written to ${path} cannot be made to last: ${messageOf(cause)}`,
      fix: 'see that coreutils is installed and the disk is in order',
      cause,
    })
  }
}
