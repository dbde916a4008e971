import type { RiskLevel } from '../../../../core/risk.ts'
import type { Language } from '../rule.ts'

/** A program that runs program texts: from an option, a file, or its input. */
export interface Interpreter {
  readonly of: string
  readonly language: Language
  /** Options whose value is the text. */
  readonly code?: string
  /** Options that take the next argument, so that it is not taken for the script. */
  readonly values?: string
  /** Options that mean no script follows. */
  readonly quiet?: string
  /** Options that make it read its input even though there are operands. */
  readonly stdin?: string
  /** The first operand is the text, unless one of `file`'s options names a file. */
  readonly firstIsCode?: boolean
  readonly file?: string
  /** Whether its operand is a script; else it is data. */
  readonly isScript?: boolean
  /** Its text usually does no more than edit what passes: not medium by itself. */
  readonly isFilter?: boolean
  /** What it means to start it with nothing to run: somebody will type. */
  readonly interactive?: RiskLevel
}

export const INTERPRETERS: readonly Interpreter[] = [
  {
    of: 'sh bash dash zsh ksh ash hush',
    language: 'shell',
    code: '-c',
    values: '-O +O -o +o --rcfile --init-file --startup-file -D',
    quiet: '--version --help --dump-strings --rpm-requires',
    stdin: '-s',
    interactive: 'high',
  },
  {
    of: 'fish csh tcsh rc yash posh elvish nu nush xonsh osh oil es loksh sash bosh scsh ion',
    language: 'shell',
    code: '-c --command -C --init-command --commands',
    values: '-d -o',
    quiet: '--version --help -v',
    stdin: '-s',
    interactive: 'high',
  },
  {
    of: 'pwsh',
    language: 'other',
    code: '-c -Command -command -EncodedCommand -enc -e',
    values: '-ExecutionPolicy -ep -WorkingDirectory -ConfigurationName',
    quiet: '-v --version -Version -h --help',
    interactive: 'high',
  },
  {
    of: 'python',
    language: 'python',
    code: '-c',
    values: '-W -X -m -Q',
    quiet: '-m -V --version -h --help -VV',
    interactive: 'medium',
  },
  {
    of: 'node',
    language: 'javascript',
    code: '-e --eval -p --print',
    values: '-r --require --import --loader --env-file -C --conditions --input-type',
    quiet: '-v --version -h --help --check -c --test --run --prof-process --v8-options',
    interactive: 'medium',
  },
  {
    of: 'deno bun ts-node tsx qjs d8 rhino jsc jjs',
    language: 'javascript',
    code: '-e --eval -p --print eval',
    values: '-r --require --config',
    quiet:
      '-v --version -h --help run test install add build task fmt lint compile upgrade bench cache check doc info init jupyter publish remove repl serve types uninstall x create link pm',
    isScript: false,
    interactive: 'medium',
  },
  {
    of: 'perl',
    language: 'perl',
    code: '-e -E',
    values: '-I -M -m -C',
    quiet: '-v -V --version -h --help',
    isFilter: false,
    interactive: 'medium',
  },
  {
    of: 'ruby',
    language: 'ruby',
    code: '-e',
    values: '-I -r -C -E -K -F -W',
    quiet: '-v --version -h --help',
    interactive: 'medium',
  },
  {
    of: 'jruby truffleruby',
    language: 'ruby',
    code: '-e',
    values: '-I -r',
    quiet: '-v --version',
    interactive: 'medium',
  },
  {
    of: 'hy',
    language: 'python',
    code: '-c',
    values: '-m',
    quiet: '-v --version -h --help',
    interactive: 'medium',
  },
  {
    of: 'coffee lsc',
    language: 'javascript',
    code: '-e --eval',
    values: '-r --require',
    quiet: '-v --version -h',
    interactive: 'medium',
  },
  { of: 'sage', language: 'python', code: '-c', quiet: '-v --version -h --help', interactive: 'medium' },
  { of: 'irb pry', language: 'ruby', code: '-e', values: '-I -r', interactive: 'medium' },
  {
    of: 'php',
    language: 'php',
    code: '-r -R -B -E',
    values: '-d -c -z -S -t -f',
    quiet: '-v --version -m -i -h --help -S -l --ini --rf --re --ri --rc --rz',
    interactive: 'medium',
  },
  { of: 'lua', language: 'lua', code: '-e', values: '-l', quiet: '-v', interactive: 'medium' },
  {
    of: 'awk',
    language: 'awk',
    code: '-e --source',
    values: '-F -v -f -i -l --assign --field-separator --file --include --load',
    quiet: '-V --version -h --help -W',
    firstIsCode: true,
    file: '-f --file -E --exec',
    isFilter: true,
  },
  {
    of: 'tclsh expect',
    language: 'tcl',
    code: '-c',
    values: '-encoding -f',
    quiet: '-v',
    interactive: 'medium',
  },
  {
    of: 'rscript r littler julia',
    language: 'r',
    code: '-e -E --eval --print -p',
    values: '-f',
    quiet: '--version --help -h CMD',
    interactive: 'medium',
  },
  {
    of: 'groovy groovysh scala kotlin kotlinc jshell jrunscript bsh beanshell clojure clj lein sbt amm ammonite scala-cli',
    language: 'java',
    code: '-e -eval --eval -c --code -scripting eval',
    values: '-cp -classpath -f',
    quiet: '-v --version -h --help',
    isScript: false,
    interactive: 'medium',
  },
  {
    of: 'guile racket sbcl clisp ecl mzscheme scheme chicken csi gosh gsi newlisp ginsh maxima',
    language: 'lisp',
    code: '-c -e -x --eval -eval --load-eval',
    values: '-l --load',
    quiet: '-v --version -h --help',
    interactive: 'medium',
  },
  {
    of: 'osascript elixir iex erl ghc ghci octave octave-cli slsh knife chef-apply matlab gnuplot crystal swipl gprolog yap gst smalltalk nim zx pike rakudo raku perl6 scilab ocaml utop janet fennel bb joker livescript wolframscript gp gforth factor io dart picolisp asy nickle genius stata praat idl gdl rexx regina hhvm psysh phpdbg mysqlsh root cling euphoria squirrel angle wren gravity red rebol q j k apl dyalog',
    language: 'other',
    code: '-e -E --eval -eval -g -r --execute -c --code -code --init-goal --entry-goal --query-goal --evaluate eval',
    values: '-l -i -s',
    quiet: '-v --version -h --help',
    isScript: false,
    interactive: 'medium',
  },
]

/** Programs that are told what to do on their input, in a language of theirs. */
export const INPUT_LANGUAGES: Readonly<Record<string, Language>> = {
  vim: 'vim',
  ed: 'vim',
  red: 'vim',
  psql: 'sql',
  mysql: 'sql',
  sqlite3: 'sql',
  gdb: 'gdb',
  lldb: 'gdb',
  cpan: 'perl',
  nmap: 'gdb',
  ftp: 'gdb',
  sftp: 'gdb',
  telnet: 'gdb',
  dc: 'gdb',
  gnuplot: 'other',
  mail: 'gdb',
  mailx: 'gdb',
  ocaml: 'other',
  go: 'other',
  debugfs: 'gdb',
  guestfish: 'gdb',
  isql: 'sql',
  pgbench: 'sql',
  sqlplus: 'gdb',
  bluetoothctl: 'gdb',
  lftp: 'gdb',
  m4: 'other',
  troff: 'other',
  groff: 'other',
  cu: 'gdb',
}
