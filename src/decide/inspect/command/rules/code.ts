import type { RiskLevel } from '../../../../core/risk.ts'
import type { Language } from '../rule.ts'

/** What to look for in a program text of another language. */
export interface CodeRule {
  readonly id: string
  readonly risk: RiskLevel
  readonly note: string
  /** All languages when absent. */
  readonly languages?: readonly Language[]
  readonly match: RegExp
  /** Captures the command in a literal, where there is one to be rated. */
  readonly command?: RegExp
  /** For what is only grave together with another. */
  readonly kind?: 'process' | 'network' | 'socket' | 'descriptors' | 'evaluate' | 'decode'
}

const QUOTED = String.raw`\(?\s*\[?\s*(?:"((?:\\.|[^"\\]){0,4000})"|'((?:\\.|[^'\\]){0,4000})')`
const called = (names: string) => new RegExp(String.raw`(?:${names})\s*${QUOTED}`)

const starting = (language: Language, match: RegExp, command?: RegExp): CodeRule => ({
  id: `code.process-${language}`,
  risk: 'high',
  note: 'the program text starts another program',
  languages: [language],
  match,
  kind: 'process',
  ...(command === undefined ? {} : { command }),
})

export const CODE_RULES: readonly CodeRule[] = [
  starting(
    'python',
    /\bos\s*\.\s*(?:system|popen|exec[lv]\w*|spawn\w+|posix_spawnp?)\b|\bsubprocess\b|\bpty\s*\.\s*spawn\b|\bcommands\s*\.\s*get|\bfrom\s+(?:os|pty)\s+import\b|__import__\s*\(\s*["'](?:os|subprocess|pty)|\bctypes\b|\bcode\s*\.\s*interact\b/,
    called(
      String.raw`os\s*\.\s*(?:system|popen)|subprocess\s*\.\s*(?:call|run|Popen|check_output|check_call|getoutput|getstatusoutput)|pty\s*\.\s*spawn|__import__\(["']os["']\)\.system|(?<![\w.])(?:system|popen|spawn|call|run|check_output)`,
    ),
  ),
  starting(
    'javascript',
    /\bchild_process\b|\b(?:exec|spawn|execFile|fork)(?:Sync)?\s*\(|\bDeno\s*\.\s*(?:run|Command)\b|\bBun\s*\.\s*(?:spawn|\$)|\bprocess\s*\.\s*(?:binding|dlopen|kill)\b|\$`/,
    called(String.raw`\b(?:exec|spawn|execFile)(?:Sync)?`),
  ),
  starting(
    'perl',
    /\b(?:exec|system)\b|`[^`]+`|\bqx\b|\bopen\s*\(?[^;]{0,300}["']\s*(?:-?\||\w[^"']*\|)|\bPOSIX::|\bIPC::Open/,
    called(String.raw`\b(?:exec|system)`),
  ),
  starting(
    'ruby',
    /\b(?:exec|system|spawn|fork|syscall)\b|`[^`]+`|%x|\bIO\s*\.\s*popen\b|\bOpen3\b|\bPTY\b|\bKernel\s*\.|\bopen\s*\(?\s*["']\|/,
    called(String.raw`\b(?:exec|system|spawn|popen)`),
  ),
  starting(
    'php',
    /\b(?:system|exec|shell_exec|passthru|popen|proc_open|pcntl_exec|dl|assert|create_function)\s*\(|`[^`]+`|\bFFI\b/,
    called(String.raw`\b(?:system|exec|shell_exec|passthru|popen|proc_open|pcntl_exec)`),
  ),
  starting(
    'lua',
    /\bos\s*\.\s*execute\b|\bio\s*\.\s*popen\b|\bloadlib\b|\brequire\s*\(?\s*["']ffi|\bspawn\b|\bvim\s*\.\s*fn\s*\.\s*system/,
    called(String.raw`os\s*\.\s*execute|io\s*\.\s*popen`),
  ),
  starting(
    'awk',
    /\bsystem\s*\(|@load\b|\|&?\s*getline\b|\bprintf?\b[^;}]{0,300}\|&?\s*["a-z]|\/inet[46]?\/(?:tcp|udp)\//,
    called(String.raw`\bsystem`),
  ),
  starting('tcl', /\bexec\b|\bopen\s+["{]?\||\bspawn\b|\binteract\b/, /\b(?:exec|spawn)\s+([^;}"\n]+)/),
  starting(
    'r',
    /\brun\s*\(\s*`|\bpipeline\s*\(|\b(?:system2?|shell|pipe|dyn\.load)\s*\(/,
    called(String.raw`\b(?:system2?|shell|pipe)`),
  ),
  starting(
    'java',
    /\bRuntime\b|\bProcessBuilder\b|\.execute\s*\(\s*\)|\bexec\s*\(|\.waitFor\b|\bProcess\b|\bsys\.process\b|["']\s*\.?!{1,2}(?=[\s;)'"]|$)|\bshell\/sh\b/,
    called(String.raw`\bexec|ProcessBuilder`),
  ),
  starting(
    'lisp',
    /\b(?:shell-command|call-process|start-process|make-process|run-shell-command|run-program|ansi-term|async-shell-command|posix-spawn)\b|\((?:term|shell|eshell|system\*?|exec\w*|sh|open-pipe\*?|process\*?)\s/,
    /\((?:term|shell-command|system|ansi-term|shell|async-shell-command)\s+"([^"]*)"/,
  ),
  starting(
    'gdb',
    /^\s*(?:!|shell\b|pipe\b|make\b|python\b|py\b|guile\b|gu\b|source\b|exec-file\b.*\|)|\b(?:call|print)\b.*\b(?:system|exec\w*)\s*\(|\bos\.(?:system|exec)|platform\s+shell|\bscript\b.*\b(?:os|subprocess)\b/m,
    /^\s*(?:!|shell\s+|platform\s+shell\s+)(.+)$/m,
  ),
  starting(
    'vim',
    /(?:^|[:|"'\s])(?:!|(?:sh(?:ell)?|ter(?:minal)?)\b|r(?:ead)?\s*!|w(?:rite)?\s*!)|\bsystem(?:list)?\s*\(|\bjob_start\b|\blibcall\b|\btermopen\b|\bset?\s+(?:shell|makeprg|keywordprg|grepprg)=|^:?(?:py(?:thon)?[3x]?|lua|ruby|rub?y?|perl?|tcl?|mz(?:scheme)?)\b/,
    /(?:^:?|[:|\s])!(?!\s*$)([^|]+)/,
  ),
  starting(
    'sql',
    /\\!|^\\(?:set)?shell\b|^!!|\bCOPY\b[\s\S]{0,400}\b(?:FROM|TO)\s+PROGRAM\b|\bxp_cmdshell\b|\bsys_(?:exec|eval)\b|^\s*\.(?:shell|system)\b|\bload_extension\b|^\s*\.(?:load|import\s+["']?\|)\b|\\(?:o|g|copy\b.*program)\s*\||\bCREATE\s+(?:OR\s+REPLACE\s+)?FUNCTION\b[\s\S]{0,400}\bLANGUAGE\s+(?:C|plpython3?u|plperlu|plsh)\b|\bDBMS_SCHEDULER\b|\bsystem\s+\S/im,
    /(?:\\!|^\s*\.(?:shell|system)|^\s*system)\s+([^;\n]+)/im,
  ),
  {
    id: 'code.sql-files',
    risk: 'medium',
    note: 'reads or writes files of the server',
    languages: ['sql'],
    match:
      /\bINTO\s+(?:OUT|DUMP)FILE\b|\bLOAD_FILE\b|\bLOAD\s+DATA\b|\bpg_(?:read|write|ls)_\w+|\b(?:read|write)file\s*\(|^\s*\.(?:output|once|import|read|log|save|backup|excel)\b|\bCOPY\b/im,
  },
  starting(
    'other',
    /\b(?:system|exec\w*|popen|spawn\w*|shell|unix|run|cmd|osascript|do\s+shell\s+script|IEX|Invoke-Expression|Start-Process|open_process|process_create|e?syscmd|callCommand|callProcess|readProcess|createProcess|rawSystem|Command|!)\s*[("'`{[\s]|\bos:cmd\b|\bSys\.command\b|\bUnix\.(?:exec|open_process|create_process)|^\.(?:sy|pso|pi)\b|^\s*!\s*\S*sh\b/im,
    called(String.raw`\b(?:system|exec\w*|popen|spawn\w*|shell|do shell script)`),
  ),
  {
    id: 'code.descriptors',
    risk: 'medium',
    note: 'rearranges its input and output',
    match: /\bdup2?\s*\(|\bfdopen\b|\bSTDIN->fdopen|>&S\b|<&\d|\bopen\s*\(?\s*STD(?:IN|OUT|ERR)/,
    kind: 'descriptors',
  },
  {
    id: 'code.socket',
    risk: 'high',
    note: 'opens a network connection of its own',
    match:
      /\bsocket\s*\.\s*(?:socket|create_connection|connect)\b|\bsocket\s*\(|\bimport\s+socket\b|\bIO::Socket\b|\bTCPSocket\b|\bTCPServer\b|\bfsockopen\b|\bstream_socket|\bnet\s*\.\s*(?:connect|createConnection|createServer|Socket)\b|\brequire\s*\(?\s*["'](?:net|tls|socket)["']|\/inet[46]?\/(?:tcp|udp)\/|\bmake-network-process\b|\bsocketConnection\b|\bpfsockopen\b|\bNet\.Sockets\b|\bgetConnection\b|\busing\s+Sockets\b/,
    kind: 'socket',
  },
  {
    id: 'code.network',
    risk: 'medium',
    note: 'uses the network',
    match:
      /\burll?ib\d?\b|\burlopen\b|\brequests\s*\.\s*\w+|\bhttplib\b|\bhttp\s*\.\s*(?:get|request|client|server|createServer)\b|\bhttps?:\/\/|\bfetch\s*\(|\bLWP\b|\bHTTP::|\bNet::HTTP\b|\bopen-uri\b|\bcurl_init\b|\bfile_get_contents\s*\(\s*["']http|\bftplib\b|\bsmtplib\b|\bparamiko\b|\bXMLHttpRequest\b|\bSimpleHTTPServer\b|\bdownload\.file\b|\bWebClient\b|\bInvoke-WebRequest\b|\baxios\b|\bfopen\s*\(\s*["']ftp/,
    kind: 'network',
  },
  {
    id: 'code.evaluate',
    risk: 'medium',
    note: 'runs a text it puts together',
    match:
      /(?<![.\w])(?:eval|exec|compile|execfile|loadstring|instance_eval|class_eval|assert|Function)\s*[\s(]|\bvm\s*\.\s*run|\bload\s*\(|\bmarshal\b|\bIEX\b|\bInvoke-Expression\b|\be\s*\/\s*;/,
    kind: 'evaluate',
  },
  {
    id: 'code.decode',
    risk: 'medium',
    note: 'decodes what it holds',
    match:
      /\bb(?:ase)?(?:64|32|16)_?decode\b|\bb64decode\b|\ba2b_|\bunhexlify\b|\bfromhex\b|\batob\s*\(|\bBuffer\s*\.\s*from\s*\([^)]{0,200}["'](?:base64|hex)["']|\bdecode\s*\(\s*["'](?:base64|hex|rot)|\bunpack\s*\(?\s*["'](?:m|H\*|u)|\bpack\s*\(?\s*["']H\*|\bgzinflate\b|\bstr_rot13\b|\bzlib\b.{0,100}\bdecompress\b|\bMIME::Base64\b|\bFromBase64String\b|\bfromCharCode\b|(?:\\x[0-9a-f]{2}){6}|(?:\bchr\s*\(\s*\d+\s*\)\s*[.+]\s*){3}/i,
    kind: 'decode',
  },
  {
    id: 'code.rights',
    risk: 'high',
    note: 'changes whose rights it has',
    match:
      /\bset(?:res|re|e)?[ug]id\s*\(|\bos\s*\.\s*setuid\b|\bprocess\s*\.\s*set[eu]*id\b|\bProcess\s*(?:::Sys|\.)\s*(?:setuid|euid)|\$[<>]\s*=\s*0|\bposix_setuid\b|\bcap_setuid\b/,
  },
  {
    id: 'code.library',
    risk: 'high',
    note: 'loads a native library',
    match:
      /\b(?:cdll|CDLL|windll|LoadLibrary|dlopen|loadlib|load_library|DynaLoader|dl_load_file|dyn\.load|System\.load(?:Library)?|Fiddle|FFI|libcall|module-load)\b/,
  },
  {
    id: 'code.delete-tree',
    risk: 'medium',
    note: 'removes whole directories',
    match: /\brmtree\b|\brm_rf?\b|\brmSync\b[\s\S]{0,400}recursive|\bremove_dir_all\b|\bFileUtils\s*\.\s*rm/,
  },
  {
    id: 'code.delete-root',
    risk: 'critical',
    note: 'removes a whole file system or home directory',
    match:
      /\b(?:rmtree|rm_rf?|rmSync|remove_dir_all)\s*\(?\s*["'](?:\/|~|\/(?:home|etc|usr|var|root)\/?|\/\*)["']/,
  },
  {
    id: 'code.writes',
    risk: 'medium',
    note: 'writes files',
    match:
      /\b(?:open|fopen)\s*\([^)]{0,200}["'][wax]b?\+?["']|\b(?:writeFile|appendFile)(?:Sync)?\b|\bfile_put_contents\b|\bFile\s*\.\s*(?:write|open)\b|\bwrite_(?:text|bytes)\b|\bprint\b[^;|}]{0,200}>\s*["\w]|\bwriteLines\b|\bspit\b|:w(?:q|rite)?\b/,
  },
]
