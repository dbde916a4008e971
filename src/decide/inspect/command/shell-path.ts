/** A shell named by its place, in a word or a text. */
export const SHELL_PATH = /(?:^|[^\w/.-])\/(?:usr\/)?bin\/(?:ba|da|z|k|a|c|tc|fi)?sh(?=$|[^\w./-])/
