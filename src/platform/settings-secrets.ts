import { join } from 'node:path'
import { boolean, choice, duration, list, path, text } from './setting.ts'

/** The settings of the secret store. */
export const SECRET_SETTINGS = {
  'secrets.key_file': path({
    about:
      'the file with the key of the secret store; best on another disk than the store, such as a systemd credential',
    fallback: ({ path: pathOf }) => join(pathOf('paths.keys'), 'secrets.key'),
    defaultText: 'secrets.key in paths.keys',
  }),
  'secrets.store': choice(['file', 'keychain', 'keyring'], {
    about: 'where a new secret is kept when nothing is said; one that is there stays where it is',
    fallback: 'file',
  }),
  'secrets.command': list({
    about:
      'a program and its words that writes a value to its output, for the store command; {name} is the entry',
    fallback: [],
  }),
  'secrets.environment': boolean({
    about:
      'lets secrets stand in the environment Warder is started in; refused in profile prod unless CI is set',
    fallback: false,
  }),
  'secrets.lock_after': duration({
    about: 'a store with a passphrase is locked so long after it was unlocked; 0s: when the daemon ends',
    fallback: '0s',
  }),
  'secrets.boot_file': path<string | undefined>({
    about: 'a sealed file of secrets that is loaded at start (warder secret seal)',
    fallback: undefined,
  }),
  'secrets.boot_key': path<string | undefined>({
    about: 'the file with the key of the boot file, delivered apart from it',
    fallback: undefined,
  }),
  'secrets.boot_store': choice(['keyring', 'file'], {
    about: 'where secrets of the boot file are put',
    fallback: 'keyring',
  }),
  'secrets.after_load': choice(['keep-sealed', 'consume'], {
    about:
      'what becomes of the boot file: it stays as it is, or its key is destroyed, which needs secrets.reprovision',
    fallback: 'keep-sealed',
  }),
  'secrets.reprovision': text({
    about: 'where the secrets of a consumed boot file are to be had again, in words for whoever needs them',
    fallback: undefined,
  }),
} as const
