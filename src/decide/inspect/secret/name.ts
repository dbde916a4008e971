/** What the name beside a value promises: a password, another secret, something weaker, or none at all. */
export type NameKind = 'password' | 'secret' | 'weak'

/** In small letters; whatever names a secret has one of these in it. */
export const NAME_SIGNS = ['pass', 'pwd', 'secret', 'token', 'key', 'auth', 'cred'] as const

const OTHER_WORDS =
  /monkey|donkey|turkey|hockey|jockey|whiskey|keyword|keyboard|keynote|keystone|keystroke|keypress|keydown|keyup|keyframe|keymap|keyring|keypair|keyspace|keytab|keystore|author(?!i[zs]ation$)|authentic(?!ation)|compass|bypass|passage|passenger|passive|passion|passed|passes|passing|passport|pass(?:able|through)|sacred|credit|secretar|tokeni[zs]|tokenfile|keyfile|subkey|hotkey|shortcut/
/** The last word tells that the value is about a secret and not the secret itself. */
const ABOUT =
  /(?:ids?|names?|ur[li]s?|paths?|files?|dirs?|types?|len|length|sizes?|counts?|expir\w*|ttl|headers?|prefix|suffix|fields?|params?|formats?|class|styles?|labels?|titles?|hints?|placeholder|versions?|dates?|times?|created|updated|endpoints?|hosts?|ports?|polic(?:y|ies)|rules?|regex|patterns?|alg|algorithms?|algo|stores?|maps?|lists?|sets?|index|columns?|refs?|arn|vaults?|providers?|services?|namespaces?|enabled|required|limits?|usage|budgets?|status|states?|scopes?|kinds?|modes?|methods?|flows?|strateg\w+|handlers?|factory|controllers?|models?|schemas?|props|events?|codes?|sources?|location|owner|region|role|rotation|strength|manager|issuer|audience|server|domain|realm|callback|redirect|response|request|error|message|description|comment|text|view|button|input|form|page|screen|icon|checker|validator|generator|parser|test|spec|mock|fixture|alias|hash(?:es)?|digest|fingerprint|thumbprint|checksum|spec|kid|usage|protected|mask|rounds?|salt)$/
const NO_SECRET_KEY =
  /(?:public|pub|primary|foreign|unique|sort|partition|range|cache|bucket|object|row|idempotency|dedup\w*|group|map|dict|json|i18n|translation|message|routing|query|registry|config|setting|state|session(?=key)|storage|data|item|entry|node|react|locale|lang|menu|column|field|prop\w*|attr\w*|index|lookup|search|filter|facet|agg\w*|issue|project|host|known_?host|license|site|widget|recaptcha|publishable|anon|ssh_?public|trusted|root|signing_?public|verify|verification|answer|object|s3|arrow|enter|esc|shift|ctrl|alt|meta|function|up|down|left|right|home|hot)[_.-]?keys?$/
const NO_SECRET_TOKEN =
  /(?:csrf|xsrf|next|page|pagination|continuation|continue|sync|delta|stop|eos|bos|pad|unk|mask|cls|sep|special|max|min|num|input|output|prompt|completion|total|authenticity|request_?verification|cancellation|cancel|public|word|sub|start|end|first|last|syntax|lexer|resume|sas_?expiry|design|colou?r|theme|used|cached?|reasoning)[_.-]?tokens?$/
const SECRET =
  /(?:secret|token|(?:api|access|private|account|signing|signature|encryption|master|licen[cs]e|shared_?access|auth|client|service|admin|deploy|webhook|consumer|app|application|ingest\w{0,8}|write|storage|server|user)[_-]?key)s?(?=$|[_-]|\d)|[a-z0-9]_keys?$/
const PASSWORD = /pass(?:w(?:or)?d|wort|phrase|code|wd)?\d{0,3}$|pwd\d{0,3}$|passwd|password/

/** What was said of names lately; they come again and again. Never a value. */
const KNOWN = new Map<string, NameKind | undefined>()
const MOST_KNOWN = 1024

/** @param name as it stands in the text, with what is around the word: `dbPassword`, `x-api-key`, `STRIPE_KEY` */
export function kindOfName(name: string): NameKind | undefined {
  if (KNOWN.has(name)) return KNOWN.get(name)
  if (KNOWN.size >= MOST_KNOWN) KNOWN.clear()
  const kind = judged(name)
  KNOWN.set(name, kind)
  return kind
}

function judged(name: string): NameKind | undefined {
  const plain = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/^[-_.]+|[-_.\d]+$/g, '')
    .replace(/[.](?:value|default|data)$/, '')
    .replace(/^.*\./, '') // of `spring.datasource.password` the last part
  if (OTHER_WORDS.test(plain)) return undefined
  const last = /[a-z0-9]*$/.exec(plain)![0]
  if (ABOUT.test(last) && !/^(?:token|secret|key|password|passwd|pwd)s?$/.test(last)) return undefined
  if (plain === 'pass') return 'weak' // what tests say of themselves
  if (PASSWORD.test(plain)) return 'password'
  if (NO_SECRET_KEY.test(plain) || NO_SECRET_TOKEN.test(plain)) return undefined
  if (SECRET.test(plain) || last === 'authorization') return 'secret'
  // `auth`, `cred` and a bare `key` are said of much; only as a word of their own do they count
  return /(?:^|[_.-])(?:auth|credentials?|creds?|keys?)$|key$/.test(plain) ? 'weak' : undefined
}
