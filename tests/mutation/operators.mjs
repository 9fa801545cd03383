import { readFileSync } from "node:fs";
import ts from "typescript";

/**
 * The mutants of a file of AssemblyScript, whose syntax is TypeScript's: each is one edit of the text.
 *
 * @typedef {{ file: string, line: number, at: number, end: number, original: string, replacement: string }} Mutant
 */

const K = ts.SyntaxKind;

/** What stands in place of an operator: the neighbour that is easily written by mistake, and the opposite. */
const OPERATORS = new Map([
  [K.PlusToken, ["-"]],
  [K.MinusToken, ["+"]],
  [K.AsteriskToken, ["+"]],
  [K.SlashToken, ["*"]],
  [K.PercentToken, ["*"]],
  [K.LessThanToken, ["<=", ">="]],
  [K.LessThanEqualsToken, ["<", ">"]],
  [K.GreaterThanToken, [">=", "<="]],
  [K.GreaterThanEqualsToken, [">", "<"]],
  [K.EqualsEqualsToken, ["!="]],
  [K.ExclamationEqualsToken, ["=="]],
  [K.AmpersandAmpersandToken, ["||"]],
  [K.BarBarToken, ["&&"]],
  [K.AmpersandToken, ["|"]],
  [K.BarToken, ["&"]],
  [K.CaretToken, ["&"]],
  [K.LessThanLessThanToken, [">>"]],
  [K.GreaterThanGreaterThanToken, ["<<"]],
  [K.PlusEqualsToken, ["-="]],
  [K.MinusEqualsToken, ["+="]],
  [K.BarEqualsToken, ["&="]],
  [K.CaretEqualsToken, ["&="]],
]);

const NAMES = new Map([
  ["min", "max"],
  ["max", "min"],
  ["min_u", "max_u"],
  ["max_u", "min_u"],
  ["gt_s", "ge_s"],
  ["ge_u", "gt_u"],
  ["add", "sub"],
  ["sub", "add"],
  ["clz", "ctz"],
  ["ctz", "clz"],
]);

const STEPS = new Map([
  [K.PlusPlusToken, "--"],
  [K.MinusMinusToken, "++"],
]);

/** @returns {Mutant[]} */
export function mutantsOf(file) {
  const text = readFileSync(file, "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const mutants = [];

  function edit(at, end, replacement) {
    const line = source.getLineAndCharacterOfPosition(at).line + 1;
    mutants.push({ file, line, at, end, original: text.slice(at, end), replacement });
  }
  const inPlaceOf = (node, replacement) => edit(node.getStart(source), node.getEnd(), replacement);
  const condition = (node) => {
    inPlaceOf(node, "true");
    inPlaceOf(node, "false");
  };

  function visit(node) {
    // Types and imports compile to nothing.
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    if (ts.isBinaryExpression(node)) {
      for (const operator of OPERATORS.get(node.operatorToken.kind) ?? []) inPlaceOf(node.operatorToken, operator);
    } else if (ts.isNumericLiteral(node)) {
      inPlaceOf(node, `(${node.text} + 1)`);
      if (Number(node.text) !== 0) inPlaceOf(node, `(${node.text} - 1)`);
    } else if (ts.isIfStatement(node)) {
      condition(node.expression);
    } else if (ts.isConditionalExpression(node)) {
      condition(node.condition);
    } else if (ts.isWhileStatement(node) || (ts.isForStatement(node) && node.condition !== undefined)) {
      inPlaceOf(ts.isWhileStatement(node) ? node.expression : node.condition, "false");
    } else if (ts.isPostfixUnaryExpression(node)) {
      edit(node.operand.getEnd(), node.getEnd(), STEPS.get(node.operator));
    } else if (ts.isPrefixUnaryExpression(node) && node.operator === K.ExclamationToken) {
      edit(node.getStart(source), node.operand.getStart(source), "");
    } else if (ts.isCallExpression(node)) {
      const name = ts.isPropertyAccessExpression(node.expression) ? node.expression.name : node.expression;
      const other = NAMES.get(name.getText(source));
      if (other !== undefined) inPlaceOf(name, other);
    } else if (ts.isReturnStatement(node) && node.expression !== undefined) {
      if (node.expression.kind === K.TrueKeyword) inPlaceOf(node.expression, "false");
      if (node.expression.kind === K.FalseKeyword) inPlaceOf(node.expression, "true");
    }
    if (ts.isExpressionStatement(node) || ts.isContinueStatement(node) || ts.isBreakStatement(node)) {
      inPlaceOf(node, ";");
    }
    ts.forEachChild(node, visit);
  }
  visit(source);
  return mutants;
}
