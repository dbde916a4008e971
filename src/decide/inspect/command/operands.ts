import { NOTHING, SECRET, union, type Flow } from './flow.ts'
import { say, type Frame, type Invocation } from './frame.ts'
import { operandsOf } from './match.ts'
import { classOf } from './path.ts'
import { rateRemoval } from './removal.ts'
import { OPERANDS, type OperandKind } from './rules/operands.ts'
import { changePath, pathsIn, readPath, shown, writePath } from './touch.ts'
import type { Field } from './word.ts'

const KIND_OF: ReadonlyMap<string, OperandKind> = new Map(
  OPERANDS.flatMap(({ kind, of }) => of.split(' ').map((name): [string, OperandKind] => [name, kind])),
)

/** Rates the files a program is given by what it does with them. @returns what it reads of them */
export function rateOperands(invocation: Invocation, frame: Frame): Flow {
  const { name, argv, stdin } = invocation
  const args = argv.slice(1)
  const kind = KIND_OF.get(name)
  if (kind === 'names') return NOTHING
  const operands = operandsOf(name, args)
  if (name === 'dd') return ddOperands(args, stdin ?? NOTHING, frame)
  if (kind === 'removes') return rateRemoval(invocation, operands, frame)
  if (kind === 'copies') return copied(invocation, operands, frame)
  if (kind === 'writes' || (name === 'sed' && editsInPlace(args))) return written(operands, invocation, frame)
  if (kind === 'rights') return changed(operands.slice(1), frame)
  return readAll(args, kind, name, frame)
}

/** `dd` names what it reads and writes. */
function ddOperands(args: readonly Field[], stdin: Flow, frame: Frame): Flow {
  let flow = stdin
  for (const field of args) {
    const file = { ...field, text: field.text.slice(3) }
    if (field.text.startsWith('if=')) flow = union(readPath(file, frame), NOTHING)
    else if (field.text.startsWith('of=')) writePath(file, flow, frame)
  }
  return flow
}

function editsInPlace(args: readonly Field[]): boolean {
  return args.some(({ text }) => /^-[a-zA-Z]*i|^--in-place/.test(text))
}

/** What gets at the bytes of a disk past the rights of files; other tools are made to work on disks. */
const READS_RAW =
  /^(?:cat|strings|xxd|od|hexdump|less|more|head|tail|cp|tar|grep|base64|base32|cpio|pv|nc|gzip|zip|7z|sha256sum|md5sum|curl|debugfs|dump|foremost|photorec|python|perl|)$/

/** Reading is the least a program does with a file it is given. */
function readAll(args: readonly Field[], kind: OperandKind | undefined, name: string, frame: Frame): Flow {
  let flow = NOTHING
  for (const field of args.flatMap(pathsIn)) {
    const place = classOf(field.text, frame)
    if (place === undefined) {
      flow = union(flow, readPath(field, frame))
      continue
    }
    // a key given to the program it is for is used, not read
    if (kind === 'uses' && (place.class === 'credential' || place.class === 'history')) {
      say(frame, 'path.use-credential', 'medium', `uses ${shown(field)}: ${place.what}`, field)
    } else if (place.class === 'disk' && !READS_RAW.test(name)) {
      say(frame, 'path.use-disk', 'medium', `works on ${shown(field)}: ${place.what}`, field)
    } else flow = union(flow, kind === 'edits' ? edited(field, frame) : readPath(field, frame))
  }
  return flow
}

function edited(field: Field, frame: Frame): Flow {
  const place = classOf(field.text, frame)
  if (place !== undefined && place.class !== 'temporary' && place.class !== 'settings')
    changePath(field, frame, 'edits')
  return readPath(field, frame)
}

function written(operands: readonly Field[], { name, stdin, span }: Invocation, frame: Frame): Flow {
  // the first operand of sed is its program
  const files = name === 'sed' ? operands.slice(operands.length > 1 ? 1 : 0) : operands
  if (files.length === 0) say(frame, 'file.write', 'medium', `${name} changes files`, span)
  for (const file of files) writePath(file, stdin ?? NOTHING, frame)
  return stdin ?? NOTHING
}

/** The last operand is where it goes, or what `-t` names. */
function copied({ argv, name, span, stdin }: Invocation, operands: readonly Field[], frame: Frame): Flow {
  const args = argv.slice(1)
  const at = args.findIndex(({ text }) => /^(?:-t|--target-directory)$/.test(text))
  const attached = args.find(({ text }) => text.startsWith('--target-directory='))
  const named = at === -1 ? undefined : args[at + 1]
  const target =
    named ??
    (attached === undefined ? undefined : { ...attached, text: attached.text.slice(19) }) ??
    operands.at(-1)
  const sources = operands.filter((field) => field !== target)
  let flow = NOTHING
  for (const source of sources) {
    flow = union(flow, readPath(source, frame))
    if (name === 'mv' || name === 'rename') moved(source, frame)
  }
  if (target === undefined) say(frame, 'file.write', 'medium', `${name} changes files`, span)
  else
    writePath(
      target,
      sources.length === 1 ? (flow.network ? flow : contentOf(sources[0]!, frame)) : (stdin ?? NOTHING),
      frame,
    )
  return flow
}

function contentOf(source: Field, frame: Frame): Flow {
  const flow = classOf(source.text, frame)
  return flow?.read === 'high' ? SECRET : readPath(source, frame)
}

function moved(source: Field, frame: Frame): void {
  const place = classOf(source.text, frame)
  if (place === undefined || place.class === 'temporary' || place.write === 'low') return
  if (place.class === 'root' || place.class === 'home') {
    say(frame, 'destroy.move-all', 'critical', `moves away ${shown(source)}: ${place.what}`, source)
  } else changePath(source, frame, 'moves')
}

/** Rights and owners; what is open to all is rated by the rules. */
function changed(targets: readonly Field[], frame: Frame): Flow {
  for (const target of targets) {
    const place = classOf(target.text, frame)
    if (place === undefined || ['temporary', 'credential', 'home', 'root', 'access'].includes(place.class))
      continue
    changePath(target, frame, 'changes the rights of')
  }
  if (targets.length > 0)
    say(frame, 'file.rights', 'medium', 'changes who may do what with a file', targets[0]!)
  return NOTHING
}
