/**
 * The secret store: keeps values sealed and says what each is for. It promises that a value stands in clear nowhere but
 * in memory it lends, that a list which was altered or put back is not believed, that each secret has one store and is
 * looked for in no other, and that a rotation, wherever it is interrupted, leaves one value that works. It refuses
 * whatever it cannot verify. It trusts whoever calls it: who may ask for what is decided before, at the gate.
 */
export { SecretBook, type Slot } from './book.ts'
export {
  AFTER_LOAD,
  consumeBootFile,
  openBootFile,
  sealBootFile,
  type AfterLoad,
  type BootOptions,
} from './boot.ts'
export { Catalogue } from './catalogue.ts'
export { readDotEnv, secretNameOf, secretsOf } from './dotenv.ts'
export { SECRETS_ERRORS, SecretsError, type SecretCode } from './errors.ts'
export { fernetKey, readFernetFile, type Imported } from './fernet.ts'
export { programHooks } from './hook.ts'
export { findLeaks, type Leak, type LeakMatch, type LeakPlaces, type LeakPorts } from './leaks.ts'
export { checkPaths, fixPaths, type PathFinding } from './permissions.ts'
export {
  dueAt,
  isDue,
  isFor,
  isHost,
  isSecretName,
  PLACES,
  SECRET_STATES,
  stateOf,
  type Place,
  type SecretRecord,
  type SecretState,
} from './record.ts'
export { rotate, type RotationHooks } from './rotation.ts'
export { commandStore } from './store-command.ts'
export { environmentStore, variableOf } from './store-environment.ts'
export { filePlace } from './store-file.ts'
export { keychainStore } from './store-keychain.ts'
export { keyringPlace } from './store-keyring.ts'
export { sealedStore } from './store-sealed.ts'
export { LONGEST_VALUE_BYTES, STORE_NAMES, type StoreName, type ValueStore } from './store.ts'
export { Vault } from './vault.ts'
export type { NewTerms, Terms } from './terms.ts'
