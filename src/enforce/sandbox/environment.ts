import type { Profile } from './profile.ts'

/** What `restricted` lets through. `none` keeps PATH and HOME, which are made and not passed. */
const RESTRICTED = ['LANG', 'TERM', 'TZ']

/** Names that look like they hold a secret, or the way to one. */
const SECRET =
  /TOKEN|SECRET|PASSW|PASSPHRASE|PASSCODE|API_?KEY|ACCESS_?KEY|PRIVATE|CREDENTIAL|COOKIE|(^|_)(KEY|PAT|PWD|DSN|AUTH|JWT|SESSION)(_|$)|_URL$|_URI$|^(SSH|GPG|DBUS|XDG_RUNTIME|KUBE|DOCKER|AWS|AZURE|GOOGLE|GCP|VAULT)_?/i

/** Names that make a program load or run something else; their paths would mean nothing inside anyway. */
const STEERING =
  /^(LD_|DYLD_|GLIBC_|GCONV_|MALLOC_|NODE_OPTIONS$|NODE_PATH$|BASH_ENV$|BASH_FUNC|ENV$|PROMPT_COMMAND$|PYTHON(STARTUP|HOME|PATH)$|PERL5|RUBYOPT$|GIT_|JAVA_TOOL_OPTIONS$|_JAVA_OPTIONS$|WARDER)/

/** A value that carries a user and password in a URL is a secret whatever its name. */
const URL_WITH_PASSWORD = /[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i

export interface MadeVariables {
  readonly path: string
  readonly home: string
  readonly user: string
}

/**
 * What the agent's environment will be. What looks like a secret, or steers the programs inside, is dropped whatever
 * the mode and even when the profile's `pass` names it: a profile is the wrong place to hand out secrets.
 */
export function sandboxEnvironment(
  { mode, pass }: Profile['environment'],
  given: Readonly<Record<string, string>>,
  made: MadeVariables,
): Record<string, string> {
  const passed = Object.entries(given).filter(([name, value]) => {
    if (name in MADE || name.includes('\0') || name.includes('=') || value.includes('\0')) return false
    if (SECRET.test(name) || STEERING.test(name) || URL_WITH_PASSWORD.test(value)) return false
    if (mode === 'full' || pass.includes(name)) return true
    return (
      (mode === 'restricted' && RESTRICTED.includes(name)) ||
      pass.some((pattern) => pattern.endsWith('*') && name.startsWith(pattern.slice(0, -1)))
    )
  })
  const base = { PATH: made.path, HOME: made.home }
  const more = mode === 'none' ? {} : { USER: made.user, LOGNAME: made.user, TMPDIR: '/tmp' }
  const all = { ...Object.fromEntries(passed), ...base, ...more }
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Variables that are made for the inside and never taken from outside. */
const MADE: Readonly<Record<string, true>> = {
  PATH: true,
  HOME: true,
  USER: true,
  LOGNAME: true,
  TMPDIR: true,
  TMP: true,
  TEMP: true,
  PWD: true,
  OLDPWD: true,
  MAIL: true,
  SHLVL: true,
  _: true,
}
