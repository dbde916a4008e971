/** Words by concept, blanks between them, in the normal form; `*` at the end: whatever follows. */
export type Words = Readonly<Record<string, string>>
