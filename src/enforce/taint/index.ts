export { TaintBook, UNKNOWN_PAST, type Taint, type TaintBookOptions, type TaintedFile } from './book.ts'
export { fileMarks, type FileMarks, type FileSeen } from './marks.ts'
