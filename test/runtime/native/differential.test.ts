import { describeWordForWord } from './word-for-word.ts';

describeWordForWord(14, 75);
