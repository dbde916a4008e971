import { sha256 } from '../../core/canonical.ts'
import type { WipeLevel } from './wipe.ts'

/**
 * What has to be typed before anything is destroyed. It names the level and this installation, so that neither a habit
 * nor a line copied from elsewhere is enough.
 *
 * @param installation what tells this installation from any other, such as a public key
 */
export function confirmationWord(level: WipeLevel, installation: string): string {
  const what = { 1: 'lock', 2: 'destroy-keys', 3: 'destroy-everything' }[level]
  return `${what}-${sha256(`warder/emergency/${installation}`).slice(0, 8)}`
}
