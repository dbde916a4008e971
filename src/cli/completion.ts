import { SETTING_KEYS } from '../platform/settings.ts'
import type { Command } from './command.ts'
import { GLOBALS } from './globals.ts'
import { optionName, type Param } from './param.ts'
import { ALL_COMMANDS } from './help.ts'
import { TOPICS } from './topics.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** What may stand at a place: words known when the script is made, or a kind the shell asks `__complete` about. */
interface Values {
  readonly words: readonly string[]
  readonly ask?: 'agent' | 'profile'
  readonly files?: boolean
}

/** A completion script for a shell, made from the commands. It only ever prints words; nothing in it is evaluated. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](commands)
}

function bashScript(commands: readonly Command[]): string {
  return `${header('bash', 'source <(warder completion bash)')}
${shellTables(commands)}
_warder() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" name="" candidate="" word="" found=""
  local -a words=()
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ "$word" == -- ]] && return 0
    [[ "$word" == -* ]] || words+=("$word")
  done
  _warder_name
  found="$(_warder_values "$name" "$previous")"
  if [[ "$found" == @files ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
    return 0
  fi
  [[ "$found" == @* ]] && found="$(warder __complete "\${found#@}" 2>/dev/null)"
  if [[ -z "$found" ]]; then
    if [[ "$current" == -* ]]; then
      found="$(_warder_options "$name")"
    else
      found="$(_warder_arguments "$name")"
      [[ "$found" == @files ]] && { mapfile -t COMPREPLY < <(compgen -f -- "$current"); return 0; }
      [[ "$found" == @* ]] && found="$(warder __complete "\${found#@}" 2>/dev/null)"
    fi
  fi
  mapfile -t COMPREPLY < <(_warder_matching "$current" "$found")
}
_warder_matching() {
  local word
  while IFS= read -r word; do
    [[ -n "$word" && "$word" == "$1"* ]] && printf '%s\\n' "$word"
  done < <(printf '%s\\n' "$2" | tr ' ' '\\n')
}
complete -F _warder warder
`
}

function zshScript(commands: readonly Command[]): string {
  return `#compdef warder
${header('zsh', 'warder completion zsh > a directory of $fpath, as _warder')}
${shellTables(commands)}
_warder() {
  local name="" candidate="" word="" found="" previous="\${words[CURRENT-1]}" typed="\${words[CURRENT]}"
  local -a given; given=("\${(@)words[2,CURRENT-1]}")
  local -a plain=()
  for word in "\${given[@]}"; do
    [[ "$word" == -- ]] && return 0
    [[ "$word" == -* ]] || plain+=("$word")
  done
  local -a words; words=("\${plain[@]}")
  _warder_name
  found="$(_warder_values "$name" "$previous")"
  if [[ -z "$found" ]]; then
    if [[ "$typed" == -* ]]; then found="$(_warder_options "$name")"; else found="$(_warder_arguments "$name")"; fi
  fi
  [[ "$found" == @files ]] && { _files; return; }
  [[ "$found" == @* ]] && found="$(warder __complete "\${found#@}" 2>/dev/null)"
  local -a choices; choices=(\${=found})
  compadd -a choices
}
if [[ "\${funcstack[1]}" == _warder ]]; then _warder; else compdef _warder warder; fi
`
}

/** Functions both shells share: the name that was typed, and what may follow a name, an option, or stand as argument. */
function shellTables(commands: readonly Command[]): string {
  const names = commands.map((command) => command.name)
  return `_warder_name() {
  name="" candidate=""
  for word in "\${words[@]}"; do
    candidate="\${candidate:+$candidate }$word"
    case "$candidate" in
${names.map((name) => `      ${quote(name)}) name="$candidate" ;;`).join('\n')}
      ${nouns(commands).map(quote).join('|') || "''"}) name="$candidate" ;;
      *) break ;;
    esac
  done
}
_warder_options() {
  case "$1" in
${commands.map((command) => `    ${quote(command.name)}) echo ${quote(optionsOf(command).join(' '))} ;;`).join('\n')}
    *) echo ${quote(globalOptions().join(' '))} ;;
  esac
}
_warder_arguments() {
  case "$1" in
    '') echo ${quote(firstWords(commands).join(' '))} ;;
${nouns(commands)
  .map((noun) => `    ${quote(noun)}) echo ${quote(verbsOf(noun, commands).join(' '))} ;;`)
  .join('\n')}
${commands.map((command) => `    ${quote(command.name)}) echo ${quote(asShell(argumentValues(command)))} ;;`).join('\n')}
  esac
}
_warder_values() {
  case "$1 $2" in
${commands.flatMap(valueCases).join('\n')}
  esac
  case "$2" in
${Object.entries(GLOBALS)
  .flatMap(([key, param]) => valueCase('', key, param))
  .join('\n')}
  esac
}`
}

function valueCases(command: Command): string[] {
  return Object.entries(command.options).flatMap(([key, param]) => valueCase(`${command.name} `, key, param))
}

function valueCase(prefix: string, key: string, param: Param<unknown>): string[] {
  const values = asShell(valuesOf(param))
  if (param.takes === 'none' || values === '') return []
  return [`    ${quote(`${prefix}${optionName(key)}`)}) echo ${quote(values)}; return ;;`]
}

function fishScript(commands: readonly Command[]): string {
  const lines = commands.flatMap((command) => fishCommand(command, commands))
  const globals = Object.entries(GLOBALS).map(([key, param]) => fishOption('', key, param))
  return `${header('fish', 'warder completion fish > ~/.config/fish/completions/warder.fish')}
function __warder_name
  set -l words (commandline -opc)[2..-1]
  contains -- -- $words; and return 1
  string match -v -- '-*' $words | string join ' '
  return 0 # with no word yet there is nothing to match, and that is no failure
end
function __warder_at
  set -l typed (__warder_name); or return 1
  test "$typed" = "$argv[1]"; or string match -q -- "$argv[1] *" "$typed"
end
function __warder_exactly
  set -l typed (__warder_name); or return 1
  test "$typed" = "$argv[1]"
end
complete -c warder -f
${[...globals, ...lines].join('\n')}
`
}

function fishCommand(command: Command, all: readonly Command[]): string[] {
  const words = command.name.split(' ')
  const [noun = '', verb] = words
  const isFirst = all.find((each) => each.name.split(' ')[0] === noun) === command
  const lines: string[] = []
  if (verb === undefined) {
    lines.push(`complete -c warder -n '__warder_exactly ""' -a ${quote(noun)} -d ${quote(command.about)}`)
  } else {
    if (isFirst) lines.push(`complete -c warder -n '__warder_exactly ""' -a ${quote(noun)}`)
    lines.push(
      `complete -c warder -n '__warder_exactly ${noun}' -a ${quote(verb)} -d ${quote(command.about)}`,
    )
  }
  const at = `-n '__warder_at "${command.name}"'`
  const values = fishValues(argumentValues(command))
  if (values !== '') lines.push(`complete -c warder ${at} ${values}`)
  return [...lines, ...Object.entries(command.options).map(([key, param]) => fishOption(at, key, param))]
}

function fishOption(at: string, key: string, param: Param<unknown>): string {
  const short = param.short === undefined ? '' : ` -s ${param.short}`
  const takes = param.takes === 'none' ? '' : ` -r ${fishValues(valuesOf(param))}`
  return `complete -c warder ${at} -l ${optionName(key).slice(2)}${short}${takes} -d ${quote(param.about)}`.replaceAll(
    /  +/g,
    ' ',
  )
}

function fishValues({ words, ask, files }: Values): string {
  if (ask !== undefined) return `-a '(warder __complete ${ask} 2>/dev/null)'`
  if (files === true) return '-F'
  return words.length === 0 ? '' : `-a ${quote(words.join(' '))}`
}

/** In the shell tables: words as they are, `@kind` for what must be asked for. */
function asShell({ words, ask, files }: Values): string {
  return ask !== undefined ? `@${ask}` : files === true ? '@files' : words.join(' ')
}

function valuesOf(param: Param<unknown>): Values {
  if (param.choices !== undefined) return { words: param.choices }
  switch (param.completes) {
    case 'agent':
    case 'profile':
      return { words: [], ask: param.completes }
    case 'setting':
      return { words: SETTING_KEYS }
    case 'topic':
      return { words: [ALL_COMMANDS, ...Object.keys(TOPICS)] }
    case 'file':
      return { words: [], files: true }
    default:
      return { words: [] }
  }
}

/** The first argument that has values; good enough for commands, which take one or two. */
function argumentValues(command: Command): Values {
  const params = Object.values(command.args).filter((param) => param.isRest !== true)
  return (
    params.map(valuesOf).find(({ words, ask, files }) => words.length > 0 || ask || files) ?? { words: [] }
  )
}

function optionsOf(command: Command): string[] {
  return [...Object.keys(command.options).map(optionName), ...globalOptions()]
}

function globalOptions(): string[] {
  return [...Object.keys(GLOBALS).map(optionName), '--help']
}

function firstWords(commands: readonly Command[]): string[] {
  return [...new Set(commands.map((command) => command.name.split(' ')[0] ?? ''))]
}

function nouns(commands: readonly Command[]): string[] {
  const withVerb = commands.filter((command) => command.name.includes(' '))
  return firstWords(withVerb).filter((noun) => !commands.some((command) => command.name === noun))
}

function verbsOf(noun: string, commands: readonly Command[]): string[] {
  return commands
    .filter((command) => command.name.startsWith(`${noun} `))
    .map((command) => command.name.slice(noun.length + 1))
}

function header(shell: Shell, use: string): string {
  return `# ${shell} completion for warder, made by: warder completion ${shell}\n# ${use}`
}

/** In single quotes for the three shells; our words hold no backslash. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
