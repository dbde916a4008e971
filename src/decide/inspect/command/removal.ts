import { NOTHING, type Flow } from './flow.ts'
import { say, type Frame, type Invocation } from './frame.ts'
import { classOf, plainPath } from './path.ts'
import type { RiskLevel } from '../../../core/risk.ts'
import { shown } from './touch.ts'
import type { Field } from './word.ts'

/** Files are removed: how bad depends on what they are, and on whether whole directories go. */
export function rateRemoval(
  { argv, name, span }: Invocation,
  operands: readonly Field[],
  frame: Frame,
): Flow {
  const line = argv
    .slice(1)
    .map(({ text }) => text)
    .join(' ')
  const isTree = /(?:^| )-[a-zA-Z]*[rR]|--recursive/.test(line) || name === 'srm' || name === 'wipe'
  const isErasing = name === 'shred' || name === 'srm' || name === 'wipe'
  for (const target of operands) rateTarget(target, { isTree, isErasing }, frame)
  if (operands.length === 0) say(frame, 'file.remove', 'medium', 'removes files', span)
  if (line.includes('--no-preserve-root')) {
    say(frame, 'destroy.root', 'critical', 'takes off the guard of the whole file system', span)
  }
  return NOTHING
}

/** Directories a machine does not start, or nobody can work, without. */
const ALL =
  /^(?:\/(?:\*|\.\*)?|\/(?:etc|usr|var|bin|sbin|lib|lib64|boot|home|root|opt|srv|dev|sys|proc|System|Library|Users|Applications)(?:\/\*?)?|~(?:\/(?:\.?\*)?)?|\/(?:home|Users)\/[^/]+(?:\/\*)?|\/(?:usr|var)\/(?:lib|bin|sbin)(?:\/\*)?)$/

function rateTarget(
  target: Field,
  { isTree, isErasing }: { readonly isTree: boolean; readonly isErasing: boolean },
  frame: Frame,
): void {
  const path = plainPath(target.text, frame)
  const isWhole =
    ALL.test(path) ||
    (target.text === '~' && path === '~') ||
    /^\/\$\{?\w+\}?$|^\$\{?\w+\}?\/\*?$/.test(target.text)
  if (isTree && isWhole) {
    // `rm -rf $x/`: when the variable is empty it is the root
    const risk: RiskLevel = /\$/.test(target.text) ? 'high' : 'critical'
    say(frame, 'destroy.root', risk, `removes ${shown(target)} with all that is in it`, target)
    return
  }
  const place = classOf(target.text, frame)
  if (place !== undefined && place.class !== 'temporary' && place.write !== 'low' && place.class !== 'home') {
    const isGrave = place.class === 'disk' || place.class === 'access' || place.class === 'memory'
    const risk: RiskLevel = isGrave && !isErasing ? 'high' : place.write
    say(frame, `path.remove-${place.class}`, risk, `removes ${shown(target)}: ${place.what}`, target)
    return
  }
  say(frame, 'file.remove', 'medium', `removes ${shown(target)}`, target)
}
