/** Method and path of every call, taken from the daemon's own table when the console is built. */
declare module 'virtual:routes' {
  export const ROUTES: Readonly<Record<string, readonly ['GET' | 'POST' | 'DELETE', string]>>
  /** What policy can judge: the verbs of each namespace. */
  export const VERBS: Readonly<Record<string, readonly string[]>>
}
declare module '*.css' {}
