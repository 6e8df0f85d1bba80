export interface Letters {
  readonly count: number;
}

export default function letters(text: string): Letters {
  return { count: text.length };
}
