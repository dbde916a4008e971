import { z } from 'zod'

/** What a file is to Warder; it says what a change of it leads to. */
export const CATEGORIES = [
  'program',
  'unit',
  'trust',
  'policy',
  'model',
  'agent-settings',
  'watched',
] as const
export type Category = (typeof CATEGORIES)[number]

export const KINDS = ['file', 'directory', 'link', 'other', 'unreadable'] as const
export type EntryKind = (typeof KINDS)[number]

/** Where to look. A tree counts with everything below it, what is made there later too; links are never followed. */
export const RootShape = z.strictObject({
  path: z.string().startsWith('/'),
  category: z.enum(CATEGORIES),
  tree: z.boolean(),
})
export type Root = z.infer<typeof RootShape>

/** One file as it was seen. */
export const EntryShape = z.strictObject({
  path: z.string(),
  category: z.enum(CATEGORIES),
  kind: z.enum(KINDS),
  /** Permission and set-id bits. */
  mode: z.int(),
  uid: z.int(),
  gid: z.int(),
  inode: z.string(),
  /** When the file was made, in nanoseconds since 1970; empty where the system does not keep it. */
  birth: z.string().default(''),
  /** Names the file has; 0 for directories, whose count follows from what is in them. */
  links: z.int(),
  /** In bytes; 0 for directories. */
  size: z.number(),
  /** Of a file's content, hexadecimal; empty for what is no file. */
  sha256: z.string(),
  /** Where a link leads. */
  target: z.string(),
  /** SHA-256 over names and values of the extended attributes; empty where there are none. */
  xattrs: z.string(),
  /** All that the system tells without reading: while it is the same, so is the rest, as far as clocks can be believed. */
  mark: z.string(),
})
export type Entry = z.infer<typeof EntryShape>

/** What is compared, in the order it is told. `mark` is not: whoever touches a file changes it. */
export const FIELDS = [
  ...([
    'kind',
    'target',
    'sha256',
    'size',
    'inode',
    'birth',
    'mode',
    'uid',
    'gid',
    'links',
    'xattrs',
  ] as const),
] as const
export type Field = (typeof FIELDS)[number]

/** @returns what differs; nothing when both are the same file in the same state */
export function differences(before: Entry, after: Entry): Field[] {
  return FIELDS.filter((field) => before[field] !== after[field] && !isUntold(field, before, after))
}

/** An older baseline does not say when a file was made, nor does every file system: then nothing follows from it. */
function isUntold(field: Field, before: Entry, after: Entry): boolean {
  return field === 'birth' && (before.birth === '' || after.birth === '')
}
