import { SecretsError } from '../enforce/secrets/index.ts'

/** Handed on to a password manager; nothing else of the daemon's environment is. */
const FOR_PROGRAMS = [
  ...['HOME', 'USER', 'LOGNAME', 'GNUPGHOME', 'PASSWORD_STORE_DIR', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME'],
  ...['XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS', 'GPG_AGENT_INFO'],
]

/** What a program that is handed a value finds in its environment. */
export function programEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const kept = FOR_PROGRAMS.flatMap((name) => {
    const value = environment[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', ...Object.fromEntries(kept) }
}

/** Half a configuration of the boot file. */
export function incomplete(what: string): SecretsError {
  return new SecretsError(
    'BOOT_FILE_INVALID',
    what,
    'set it, or unset secrets.boot_file; until then no secret is used',
  )
}
