// The syntax of the Stream language, and its only definition.
//
// README.md beside this file has the precedence table and an example of each rule. The checker, not
// the grammar, says which statements make sense where: one `block` serves functions, agents, graphs
// and lambdas.
//
// Newlines end statements, so they are tokens (NL). They are hidden inside ( ) and [ ] and seen again
// inside a { } nested in these. A line that starts with `|>` or `else` continues the one before, also
// across blank and comment lines. After `=` and `{` a line may end.
grammar Stream;

@lexer::members {
  // The brackets open at this point, outermost first, as '(', '[' and '{'.
  std::vector<char> open_brackets;

  void open(char bracket) { open_brackets.push_back(bracket); }
  void close() {
    if (!open_brackets.empty()) open_brackets.pop_back();
  }
  bool newline_is_hidden() const { return !open_brackets.empty() && open_brackets.back() != '{'; }
}

// ---------------------------------------------------------------------------------------- Files

file
  : NL* (item (NL+ item)* NL*)? EOF
  ;

// What a hole of an interpolated string holds, parsed by itself.
hole
  : expr EOF
  ;

item
  : importDecl
  | paramDecl
  | typeDecl
  | fnDecl
  | aggregateDecl
  | agentDecl
  | graphDecl
  | externDecl
  | deployDecl
  | testDecl
  | stmt
  ;

// --------------------------------------------------------------------------------- Declarations

importDecl
  : 'import' path ('as' ident)?
  ;

paramDecl
  : 'param' ident ':' type ('=' NL* expr)? STRING?
  ;

typeDecl
  : 'type' ident generics? '=' NL* (record | enumeration | type)
  ;

record
  : '{' NL* (field (separator field)* separator?)? '}'
  ;

field
  : name ':' type ('=' expr)? STRING?
  ;

separator
  : ',' NL*
  | NL+
  ;

enumeration
  : ident (NL* '|' ident)+
  ;

fnDecl
  : fnHead body
  ;

fnHead
  : 'fn' ident generics? parameters ('->' type)?
  ;

agentDecl
  : agentHead '{' NL* (agentPart (NL+ agentPart)* NL*)? '}'
  ;

agentHead
  : 'agent' ident generics? parameters ('->' outputs)?
  ;

agentPart
  : stateDecl
  | handler
  ;

handler
  : 'on' ident (',' ident)* block
  | 'on' ident orExpr block            // `on every 1s`: the checker knows which words these are.
  ;

stateDecl
  : 'state' ident (':' type)? ('=' NL* expr)?
  ;

graphDecl
  : graphHead body
  ;

graphHead
  : 'graph' ident generics? parameters ('->' outputs)?
  ;

aggregateDecl
  : 'aggregate' ident generics? parameters '->' type
    '{' NL* (aggregatePart (NL+ aggregatePart)* NL*)? '}'
  ;

aggregatePart
  : stateDecl
  | ident ident? block                 // add { }, merge o { }, result { }
  | ident '=' NL* expr                 // result = …, commutative = true
  ;

externDecl
  : 'extern' ident STRING (fnHead | agentHead | graphHead)
  ;

generics
  : '[' generic (',' generic)* ']'
  ;

generic
  : ident (':' type)?
  ;

parameters
  : '(' (parameter (',' parameter)* ','?)? ')'
  ;

parameter
  : name ':' ('type' | type) ('=' expr)?   // `T: type`: the argument is a type.
  ;

outputs
  : type
  | '(' output (',' output)* ')'
  ;

output
  : name ':' type
  ;

body
  : '=' NL* expr
  | block
  ;

// -------------------------------------------------------------------------- Deployment and tests

deployDecl
  : 'deploy' ident deployBody
  ;

deployBody
  : '{' deploySeparator* (placement deploySeparator* | placed deploySeparator+)* placed? '}'
  ;

deploySeparator
  : ','
  | NL
  ;

placement
  : ('node' | 'process' | 'thread') ident ('[' ident (',' ident)* ']')? arguments? deployBody
  ;

placed
  : '*'
  | reference
  | 'link' reference '->' reference arguments?
  ;

reference
  : ident ('.' name)* ('[' index (',' index)* ']')?
  ;

testDecl
  : 'test' STRING '{' NL* (testStmt (NL+ testStmt)* NL*)? '}'
  ;

testStmt
  : 'given' reference '=' NL* expr
  | 'expect' pipe ('within' orExpr)?
  | assign
  ;

// ----------------------------------------------------------------------------------- Statements

block
  : '{' NL* (stmt (NL+ stmt)* NL*)? '}'
  ;

stmt
  : ifStmt
  | forStmt
  | plateStmt
  | emitStmt
  | returnStmt
  | assign
  | pipe
  ;

ifStmt
  : 'if' orExpr block (NL* 'else' 'if' orExpr block)* (NL* 'else' block)?
  ;

forStmt
  : 'for' ident 'in' orExpr block
  ;

plateStmt
  : 'plate' ident 'in' orExpr block
  ;

emitStmt
  : 'emit' (name ':')? expr
  ;

returnStmt
  : 'return' expr (',' expr)*
  ;

assign
  : target (',' target)* (':' type)? ('=' | '+=' | '-=' | '*=' | '/=') NL* expr
  ;

target
  : ident targetStep*
  ;

targetStep
  : '.' name
  | '[' expr (',' expr)* ']'
  ;

// ---------------------------------------------------------------- Expressions, loosest rule first

expr
  : lambda
  | ifExpr
  | pipe
  ;

lambda
  : (ident | '(' ident (',' ident)* ')') '=>' (expr | block)
  ;

ifExpr
  : 'if' orExpr arm (NL* 'else' 'if' orExpr arm)* NL* 'else' arm
  ;

arm
  : '{' NL* expr NL* '}'
  ;

pipe
  : orExpr pipeStep*
  ;

pipeStep
  : NL* '|>' path arguments?
  | NL* 'else' orExpr
  ;

orExpr
  : andExpr ('or' andExpr)*
  ;

andExpr
  : notExpr ('and' notExpr)*
  ;

notExpr
  : 'not'* comparison
  ;

comparison
  : sum (('==' | '!=' | '<' | '<=' | '>' | '>=' | 'in') sum)?
  ;

sum
  : product (('+' | '-') product)*
  ;

product
  : unary (('*' | '/' | '//' | '%') unary)*
  ;

unary
  : '-'* power
  ;

// Groups to the right: a ** -b ** c is a ** (-(b ** c)).
power
  : rated (exponent)*
  ;

exponent
  : '**' '-'* rated
  ;

rated
  : postfix ('@' postfix)?
  ;

postfix
  : atom postfixStep*
  ;

postfixStep
  : '.' name
  | arguments
  | '[' index (',' index)* ']'
  ;

index
  : '*'
  | expr (':' expr?)?
  | ':' expr?
  ;

arguments
  : '(' (argument (',' argument)* ','?)? ')'
  ;

argument
  : (name ':')? expr
  | '..' expr
  ;

atom
  : INT
  | FLOAT
  | QUANTITY
  | STRING
  | RAW
  | TIME
  | 'true'
  | 'false'
  | 'none'
  | ident
  | '[' (element (',' element)* ','?)? ']'
  | '(' expr (',' expr)* ')'
  ;

element
  : expr ('at' orExpr)?
  ;

// ---------------------------------------------------------------------------------------- Types

type
  : '(' (type (',' type)*)? ')' '->' type
  | (path | '(' type (',' type)* ')') typeSuffix*
  ;

typeSuffix
  : '[' (typeArgument (',' typeArgument)*)? ']'
  | '?'
  ;

// A type, or an int that is known when building: `16`, `N`, `n // 2 + 1`.
typeArgument
  : (name ':')? (type | INT) typeArithmetic*
  ;

typeArithmetic
  : ('+' | '-' | '*' | '//') (ident | INT)
  ;

// ---------------------------------------------------------------------------------------- Names

path
  : ident ('.' name)*
  ;

// A name that is declared or stands for a value: these words keep their meaning only where the rules
// above ask for them.
ident
  : ID
  | 'as'
  | 'at'
  | 'within'
  | 'given'
  | 'expect'
  | 'node'
  | 'process'
  | 'thread'
  | 'link'
  ;

// A field, an argument or a parameter: here every word is a name.
name
  : ident
  | 'import'
  | 'param'
  | 'type'
  | 'fn'
  | 'aggregate'
  | 'agent'
  | 'graph'
  | 'extern'
  | 'deploy'
  | 'test'
  | 'plate'
  | 'state'
  | 'on'
  | 'emit'
  | 'return'
  | 'if'
  | 'else'
  | 'for'
  | 'in'
  | 'and'
  | 'or'
  | 'not'
  | 'true'
  | 'false'
  | 'none'
  ;

// --------------------------------------------------------------------------------------- Tokens

KW_IMPORT    : 'import' ;
KW_PARAM     : 'param' ;
KW_TYPE      : 'type' ;
KW_FN        : 'fn' ;
KW_AGGREGATE : 'aggregate' ;
KW_AGENT     : 'agent' ;
KW_GRAPH     : 'graph' ;
KW_EXTERN    : 'extern' ;
KW_DEPLOY    : 'deploy' ;
KW_TEST      : 'test' ;
KW_PLATE     : 'plate' ;
KW_STATE     : 'state' ;
KW_ON        : 'on' ;
KW_EMIT      : 'emit' ;
KW_RETURN    : 'return' ;
KW_IF        : 'if' ;
KW_ELSE      : 'else' ;
KW_FOR       : 'for' ;
KW_IN        : 'in' ;
KW_AND       : 'and' ;
KW_OR        : 'or' ;
KW_NOT       : 'not' ;
KW_TRUE      : 'true' ;
KW_FALSE     : 'false' ;
KW_NONE      : 'none' ;
KW_AS        : 'as' ;
KW_AT        : 'at' ;
KW_WITHIN    : 'within' ;
KW_GIVEN     : 'given' ;
KW_EXPECT    : 'expect' ;
KW_NODE      : 'node' ;
KW_PROCESS   : 'process' ;
KW_THREAD    : 'thread' ;
KW_LINK      : 'link' ;

PIPE          : '|>' ;
FAT_ARROW     : '=>' ;
ARROW         : '->' ;
EQUAL         : '==' ;
NOT_EQUAL     : '!=' ;
LESS_EQUAL    : '<=' ;
GREATER_EQUAL : '>=' ;
LESS          : '<' ;
GREATER       : '>' ;
ADD_SET       : '+=' ;
SUB_SET       : '-=' ;
MUL_SET       : '*=' ;
DIV_SET       : '/=' ;
SET           : '=' ;
POWER         : '**' ;
FLOOR_DIVIDE  : '//' ;
PLUS          : '+' ;
MINUS         : '-' ;
STAR          : '*' ;
DIVIDE        : '/' ;
MODULO        : '%' ;
RATE          : '@' ;
SPREAD        : '..' ;
DOT           : '.' ;
COMMA         : ',' ;
COLON         : ':' ;
OPTION        : '?' ;
BAR           : '|' ;

LP : '(' { open('('); } ;
RP : ')' { close(); } ;
LB : '[' { open('['); } ;
RB : ']' { close(); } ;
LC : '{' { open('{'); } ;
RC : '}' { close(); } ;

TIME   : 't"' ~["\r\n]* '"' ;
RAW    : 'r"' ~["\r\n]* '"' ;
STRING : '"' (~["\\\r\n] | '\\' ~[\r\n])* '"' ;

INT      : DIGITS | '0x' [0-9a-fA-F_]+ | '0b' [01_]+ ;
FLOAT    : DIGITS '.' DIGITS EXPONENT? | DIGITS EXPONENT ;
QUANTITY : DIGITS ('.' DIGITS)? [a-zA-Z]+ ;
ID       : [a-zA-Z_] [a-zA-Z_0-9]* ;

COMMENT   : '#' ~[\r\n]* -> channel(HIDDEN) ;
HIDDEN_NL : '\r'? '\n' { newline_is_hidden() }? -> channel(HIDDEN) ;
NL        : '\r'? '\n' ;
WS        : [ \t]+ -> skip ;

// What only mistakes are made of. No rule uses these, so that the parser stops there and the message
// can name them.
UNTERMINATED  : [tr]? '"' (~["\\\r\n] | '\\' ~[\r\n])* '\\'? ;
SINGLE_QUOTED : '\'' (~['\\\r\n] | '\\' ~[\r\n])* '\'' ;
STRAY         : . ;

fragment DIGITS   : [0-9] [0-9_]* ;
fragment EXPONENT : [eE] [+-]? [0-9]+ ;
