import type { Deed } from './deed.ts'
import { badPayload } from './errors.ts'

/** With room around it, as its reader has it; and a path is everything up to the end of the line, whatever it holds. */
const HEADER = /^\s*\*\*\*\s*(?<what>Add File|Update File|Delete File|Move to):(?<path>[^\n]+)$/i

/**
 * The files a patch in Codex's own form touches.
 *
 * @throws HookError `HOOK_PAYLOAD` when it names none: then it is in a form we do not know
 */
export function patchedFiles(text: string): readonly Deed[] {
  const deeds = text.split('\n').flatMap((line): Deed[] => {
    const { what, path } = HEADER.exec(line)?.groups ?? {}
    if (path === undefined) return []
    return [{ kind: 'file', verb: /^delete/i.test(what ?? '') ? 'delete' : 'write', path: path.trim() }]
  })
  if (deeds.length === 0) throw badPayload('its patch names no file')
  return deeds
}
