import { closeSync, constants, fchmodSync, fstatSync, lstatSync, openSync, unlinkSync } from 'node:fs'
import { messageOf } from '../../core/error.ts'
import type { Mend } from './report.ts'

export interface Mended {
  readonly mend: Mend
  /** `would`: a dry run; `done` only when it was looked at afterwards. */
  readonly result: 'done' | 'would' | 'failed'
  readonly why?: string
}

/** What a mend does, in words. */
export function wordsOf(mend: Mend): string {
  const octal = (mode: number) => mode.toString(8).padStart(4, '0')
  return mend.kind === 'mode'
    ? `change the mode of ${mend.path} from ${octal(mend.from)} to ${octal(mend.to)}`
    : `remove ${mend.path}, which was left half written`
}

/** Does exactly that, when it still is as it was found. Never throws: what could not be done is said. */
export function apply(mend: Mend, uid: number | undefined): Mended {
  try {
    if (mend.kind === 'mode') changeMode(mend, uid)
    else removeLeftover(mend.path, uid)
    return { mend, result: 'done' }
  } catch (error) {
    return { mend, result: 'failed', why: messageOf(error) }
  }
}

/** Through a descriptor, so that a link put there meanwhile changes nobody else's file. */
function changeMode({ path, from, to }: Extract<Mend, { kind: 'mode' }>, uid: number | undefined): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const seen = fstatSync(fd)
    if ((seen.mode & 0o7777) !== from) throw new Error('its mode is another one by now')
    if (uid !== undefined && seen.uid !== uid) throw new Error('it belongs to somebody else by now')
    fchmodSync(fd, to)
    if ((fstatSync(fd).mode & 0o7777) !== to) throw new Error('the mode did not change')
  } finally {
    closeSync(fd)
  }
}

function removeLeftover(path: string, uid: number | undefined): void {
  const seen = lstatSync(path)
  if (!seen.isFile() || !path.endsWith('.json.new')) throw new Error('it is something else by now')
  if (uid !== undefined && seen.uid !== uid) throw new Error('it belongs to somebody else by now')
  unlinkSync(path)
}
