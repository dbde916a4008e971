/** The imports of the sources, read without a compiler: TypeScript 7 has no programming interface. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

export interface Import {
  /** The importing file, from the project's root. */
  readonly file: string
  /** What is imported: a file from the project's root, or the name of a package or of a Node module. */
  readonly target: string
  /** Written `import type`, so that nothing is left of it at run time. */
  readonly typeOnly: boolean
}

const STATEMENT =
  /^\s*(?:import|export)\s+(type\s+)?(?:[\w*\s{},$]+?\s+from\s+)?['"]([^'"\n]+)['"]|\bimport\(\s*['"]([^'"\n]+)['"]/gm

/** Every import, export-from and dynamic import of a source text. */
export function importsIn(file: string, text: string): Import[] {
  return [...withoutComments(text).matchAll(STATEMENT)].map(([, type, stated, dynamic]) => {
    const name = stated ?? dynamic ?? ''
    const target = name.startsWith('.') ? normalize(join(dirname(file), name)) : name
    return { file, target, typeOnly: type !== undefined }
  })
}

/** Tests, and what only tests import. */
export const FOR_TESTS = /\.(?:test|contract)\.ts$|[/.]example\.ts$/

/** Every source file of a folder, without what is there for tests, with its text. */
export function sources(folder: string): { file: string; text: string }[] {
  return globSync(`${folder}/**/*.ts`)
    .filter((file) => !FOR_TESTS.test(file))
    .toSorted()
    .map((file) => ({ file, text: readFileSync(file, 'utf8') }))
}

/** The text without its comments; lines keep their numbers. */
export function withoutComments(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ' '))
    .replaceAll(/(^|[\s;{}()])\/\/.*$/gm, '$1')
}
