/** Where the project is, and how its programs run. */
import { fileURLToPath } from 'node:url'

/** The checkout. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** The Node.js this script runs on. */
export const NODE = process.execPath

/** The flags every program of Warder's runs under: injected text never becomes code. */
export const HARDENED = ['--disallow-code-generation-from-strings', '--disable-proto=throw'] as const
