import type { Deed } from './deed.ts'
import { badPayload } from './errors.ts'

const HEADER = /^\*\*\* (?<what>Add File|Update File|Delete File|Move to): (?<path>.+)$/

/**
 * The files a patch in Codex's own form touches.
 *
 * @throws HookError `HOOK_PAYLOAD` when it names none: then it is in a form we do not know
 */
export function patchedFiles(text: string): readonly Deed[] {
  const deeds = text.split(/\r?\n/).flatMap((line): Deed[] => {
    const { what, path } = HEADER.exec(line)?.groups ?? {}
    if (path === undefined) return []
    return [{ kind: 'file', verb: what === 'Delete File' ? 'delete' : 'write', path: path.trim() }]
  })
  if (deeds.length === 0) throw badPayload('its patch names no file')
  return deeds
}
