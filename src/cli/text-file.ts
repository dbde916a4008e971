import { readSmallFile } from '../platform/files.ts'
import { CLI_ERRORS, CliError } from './failure.ts'

/**
 * A small file of text, to be sent to the daemon. Read strictly: a byte that is quietly replaced here would have the
 * daemon judge another text than the one that comes into force.
 *
 * @throws CliError `FILE_INVALID`; FileError `FILE_TOO_LARGE`, `FILE_UNREADABLE`
 */
export function readText(path: string): string {
  const bytes = readSmallFile(path)
  if (bytes === undefined) {
    throw new CliError(CLI_ERRORS, 'FILE_INVALID', {
      what: `there is no file ${path}`,
      fix: 'name an existing file',
      where: path,
    })
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new CliError(CLI_ERRORS, 'FILE_INVALID', {
      what: `${path}:1:1: it is not UTF-8`,
      fix: 'save it as UTF-8',
      where: `${path}:1:1`,
      cause,
    })
  }
}
