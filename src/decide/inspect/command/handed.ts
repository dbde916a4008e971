import { isAtLeast } from '../../../core/risk.ts'
import { higher, say, worst, type Frame, type Invocation, type Rating } from './frame.ts'
import { SHELL_COMMAND, SHELL_NAME, SHELL_PATH } from './shell-path.ts'
import { shown } from './touch.ts'
import type { Field } from './word.ts'

/** What may name a shell without starting it. */
const NAMES_SHELLS =
  /^(?:echo|printf|grep|rg|ls|stat|file|cat|head|tail|diff|cmp|ldd|strings|readlink|realpath|dirname|basename|chsh|useradd|usermod|adduser|sed|awk|test|\[|\[\[|find|git|gh|docker|podman|nerdctl|docker-compose|kubectl|oc|lxc|incus|ssh|vagrant|dpkg|rpm|pacman|apt-file|type|which|whereis|md5sum|sha256sum|man|tmux|screen|make|cp|mv|ln|install|chmod|chown|rsync|scp|tar|dscl|pw|export|case|jq|dd|tee|ansible|crontab|xxd|sort|uniq|cut|tr|wc|getcap|setcap)$/

/**
 * What the arguments of any program may give away, whether or not a table knows it: a shell, a command in an option
 * whose name says that it takes one, a native library. So a program nobody wrote a line about does not go unseen.
 */
export function sayHanded(invocation: Invocation, isKnown: boolean, frame: Frame): void {
  const { name, argv } = invocation
  const args = argv.slice(1)
  let isListed: boolean | undefined
  for (let i = 0; i < args.length; i++) {
    const field = args[i]!
    const option = optionOf(args, i)
    const mayName = field.text.includes('sh')
    if (mayName) isListed ??= NAMES_SHELLS.test(name)
    if (mayName && isListed === false && handsShell(args, i, isKnown, option)) {
      sayAbout('exec.hands-shell', `hands ${name} a shell: ${shown(field)}`, field, invocation, frame)
    }
    if (option !== undefined) sayOption(name, option, invocation, frame)
    sayLibrary(field, option, invocation, frame)
  }
}

interface Option {
  readonly name: string
  readonly value: Field
}

/** The option a word is the value of, `--name=value` or `--name value`. */
function optionOf(args: readonly Field[], index: number): Option | undefined {
  const field = args[index]!
  const before = args[index - 1]?.text
  if (!field.text.startsWith('-') && before?.startsWith('-') !== true) return undefined
  const [, name, value] = /^(--?[a-zA-Z][\w-]*)=(.+)$/s.exec(field.text) ?? []
  if (name !== undefined && value !== undefined) return { name, value: { ...field, text: value } }
  if (before === undefined || field.text.startsWith('-') || !/^--?[a-zA-Z][\w-]*$/.test(before))
    return undefined
  return { name: before, value: field }
}

function sayAbout(id: string, note: string, field: Field, { span }: Invocation, frame: Frame): void {
  say(frame, id, 'high', note, field.end > 0 ? field : span)
}

/** After one of these a shell is the thing to be started. */
const STARTS = /^(?:--|exec|execute|spawn|dlx|pty|run|start)$/
/** Options whose value is the name of a language or of somebody's shell. */
const NAMES_ONE =
  /^(?:--?(?:s|S|l|L|t|n|ln|f|g|m|o|shell|lang|language|syntax|type|format|name|dialect|from|to|mode|filter|package|packages|with|filetype|lexer|input-format|output|file|user|group|default-shell)|--(?:no-)?[\w-]*(?:shell|lang\w*|format|syntax))$/
/** Whoever prints what a shell should read, or installs one, is not starting it. */
const ABOUT_SHELLS =
  /(?:^|\s)(?:completions?|init|hook|activate|install|add|remove|uninstall|info|show|search|help|update|upgrade|get|env|setup|use|reinstall|list|which|shellenv|shell-init)(?:\s|$)|--(?:completions?|help|version|generate)/

function handsShell(
  args: readonly Field[],
  index: number,
  isKnown: boolean,
  option: Option | undefined,
): boolean {
  const { text } = args[index]!
  if (SHELL_PATH.test(text)) return true
  if (SHELL_COMMAND.test(option?.value.text ?? text)) return true
  if (!SHELL_NAME.test(option?.value.text ?? text)) return false
  const line = args.map((field) => field.text).join(' ')
  if (ABOUT_SHELLS.test(line)) return false
  if (option !== undefined) return !NAMES_ONE.test(option.name)
  const before = args[index - 1]?.text
  if (before !== undefined && STARTS.test(before)) return true
  if (isKnown) return false
  return index === args.length - 1 || args.slice(0, index).every((field) => field.text.startsWith('-'))
}

/** Options that take a command, by what their names say. */
const TAKES_COMMAND =
  /^--?(?!-?pass)(?:[\w-]+-)?(?:command|cmd|exec|execute|program|prog|pager|editor|browser|viewer|rsh|askpass|hook|invoke|preview|modprobe|handler|action|helper|wrapper|launcher|terminal|script|spawn|run|run[-_]under|proxycommand|post-renderer|alert|downloader|debugger|ssh|sshcmd|servercmd|diff-cmd|cmd-prefix)$|^--(?:[\w-]+-)?(?:command|cmd|exec|hook|script|program)-(?:line|path|string|cmd|command|arg\w*)$|^--(?:on|pre|post|before|after)-[\w-]+$/
/** What the tables or the interpreters look at themselves. */
const KNOWS_BETTER =
  /^(?:psql|mysql|sqlite3|duckdb|mongo|mongosh|redis-cli|git|find|fd|sudo|su|gdb|lldb|vim|emacs|ssh|curl|wget|docker|podman|kubectl|helm|npm|cmake|aws|gcloud|az|systemctl|nmap)$/

/** A command in an option of any program is rated as if it had been typed; only what is grave counts. */
function sayOption(
  name: string,
  { name: option, value }: Option,
  invocation: Invocation,
  frame: Frame,
): void {
  // a plain word is neither a command nor a path; most values are
  if (!/[\s/;|&$`(!]/.test(value.text) || KNOWS_BETTER.test(name)) return
  if (LOADS_CODE.test(option) && TEMPORARY.test(value.text)) {
    const note = `${option} of ${name} loads code from where everybody can write: ${shown(value)}`
    sayAbout('exec.temporary-code', note, value, invocation, frame)
  }
  if (!TAKES_COMMAND.test(option)) return
  const budget = Math.min(frame.rating.budget, MOST_INSIDE)
  frame.rating.budget -= 1
  const rating: Rating = { reasons: [], programs: [], budget }
  frame.shell.text(value.text.replace(/^!/, ''), undefined, { ...frame, rating }, value)
  const inner = worst(rating.reasons)
  const isUnread = RUNS_AT_ONCE.test(option) && OWN_PATH.test(value.text)
  if (!isAtLeast(inner, 'high') && !TEMPORARY.test(value.text) && !isUnread) return
  const note = `${option} of ${name} is a command: ${shown(value)}`
  say(frame, 'exec.option-command', higher('high', inner), note, value.end > 0 ? value : invocation.span)
}

/** Of those, the ones that leave no doubt; a file nobody here has read is as bad there as where a table names one. */
const RUNS_AT_ONCE =
  /^--?(?:[\w-]+-)?(?:command|cmd|cmd-prefix|exec|execute|pager|editor|browser|askpass|hook|invoke|modprobe|helper|wrapper|launcher|debugger|rsh)$/
const OWN_PATH = /^(?:\.{0,2}\/)(?!usr\/|s?bin\/|etc\/|opt\/|lib\/)\S+$/

/** Options that name code to be loaded, by what their names say. */
const LOADS_CODE =
  /^--?(?:[\w-]*[_-])?(?:script|plugin|plugins|plugin-dir|plugins-dir|macro|module|module-path|load|hook|hooks|hooks-dir|rc|rcfile|init|init-file|startup|startup-file|require|preload|playbook|lua|source|extension)$/
const MOST_INSIDE = 60
const TEMPORARY = /^(?:\/tmp|\/var\/tmp|\/dev\/shm)\//

const LIBRARY = /\.(?:so(?:\.\d+)*|dylib)(?:[,:;'")]|$)/
/** Libraries are what these are about. */
const HANDLES_LIBRARIES =
  /^(?:ls|file|ldd|objdump|readelf|nm|strings|cp|mv|rm|ln|install|chmod|chown|stat|tar|zip|strip|objcopy|patchelf|chrpath|find|locate|grep|rg|cat|xxd|od|md5sum|sha\d*sum|dpkg|rpm|pacman|apt-file|echo|printf|test|\[|scp|rsync|curl|wget|git|docker|podman|touch|du|cmp|diff|gcc|ld|ar|ranlib|libtool|otool|install_name_tool|codesign|lipo|pmap|lsof|fuser|addr2line|size|abidiff|abidw|gdb|lldb|sudo|env|LD_PRELOAD|export|setcap|getcap|chcon|restorecon|unlink|readlink|realpath|dirname|basename|which|whereis|apt|yum|dnf|brew|cargo|go|make)$/
/** Given as an option even to those, a library is loaded: `nm --plugin ./x.so`. */
const LOADS = /^--?(?:[\w-]*(?:plugin|plug-in|module|load|engine|provider|extension|library|lib|preload))$/

function sayLibrary(field: Field, option: Option | undefined, invocation: Invocation, frame: Frame): void {
  const { name } = invocation
  const text = option?.value.text ?? field.text
  // a bare name is looked for where the system keeps its own
  if (
    !text.includes('/') ||
    !/\.(?:so|dylib)/.test(text) ||
    !LIBRARY.test(text) ||
    /^\/(?:usr\/)?(?:local\/)?lib(?:32|64|exec)?\//.test(text)
  )
    return
  if (HANDLES_LIBRARIES.test(name) && (option === undefined || !LOADS.test(option.name))) return
  if (option !== undefined && /^(?:-o|--output|--out|-out)$/.test(option.name)) return
  sayAbout(
    'exec.native-library',
    `${name} is given a native library: ${shown(field)}`,
    field,
    invocation,
    frame,
  )
}
