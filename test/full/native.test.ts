import { describeWordForWord } from '../runtime/native/word-for-word.ts';

describeWordForWord(100, 100);
