package dev.partita.local.schema;

import dev.cel.bundle.Cel;
import dev.cel.bundle.CelFactory;
import dev.cel.common.CelFunctionDecl;
import dev.cel.common.CelOptions;
import dev.cel.common.CelOverloadDecl;
import dev.cel.common.CelValidationException;
import dev.cel.common.types.CelType;
import dev.cel.common.types.ListType;
import dev.cel.common.types.OpaqueType;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompilerLibrary;
import dev.cel.extensions.CelExtensions;
import dev.cel.extensions.CelOptionalLibrary;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelFunctionBinding;
import dev.cel.runtime.CelFunctionOverload;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeLibrary;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The language in which validation rules are written: standard CEL, the extensions for strings,
/// sets, lists, math and optional values, and the functions that Kubernetes adds for lists, regular
/// expressions and quantities.
///
/// `self` and `oldSelf` are dynamically typed: a rule that names a field which does not exist is
/// found when it is evaluated, not when its definition is created.
final class CelEnvironment {
  private static final CelType QUANTITY = OpaqueType.create("kubernetes.Quantity");
  private static final ListType LIST = ListType.create(SimpleType.DYN);
  private static final CelOptions OPTIONS =
      CelOptions.current().enableHeterogeneousNumericComparisons(true).build();

  private final List<CelFunctionDecl> declarations = new ArrayList<>();
  private final List<CelFunctionBinding> bindings = new ArrayList<>();

  private CelEnvironment() {}

  /// Built when the first rule is compiled: most processes that load this class need it, tests of
  /// schemas without rules do not.
  private static final class Holder {
    static final Cel CEL = new CelEnvironment().build();
  }

  static CelRuntime.Program compile(String expression)
      throws CelValidationException, CelEvaluationException {
    return Holder.CEL.createProgram(Holder.CEL.compile(expression).getAst());
  }

  private Cel build() {
    addListFunctions();
    addRegexFunctions();
    addQuantityFunctions();
    return CelFactory.plannerCelBuilder()
        .setOptions(OPTIONS)
        .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
        .addCompilerLibraries(
            CelOptionalLibrary.INSTANCE,
            CelExtensions.strings(),
            CelExtensions.sets(OPTIONS),
            CelExtensions.math(),
            CelExtensions.bindings(),
            (CelCompilerLibrary) CelExtensions.lists())
        .addRuntimeLibraries(
            CelOptionalLibrary.INSTANCE,
            CelExtensions.strings(),
            CelExtensions.sets(OPTIONS),
            CelExtensions.math(),
            (CelRuntimeLibrary) CelExtensions.lists())
        .addVar("self", SimpleType.DYN)
        .addVar("oldSelf", SimpleType.DYN)
        .addFunctionDeclarations(declarations)
        .addFunctionBindings(bindings)
        .build();
  }

  private void addListFunctions() {
    member("isSorted", SimpleType.BOOL, LIST, List.class, CelEnvironment::isSorted);
    member(
        "min",
        SimpleType.DYN,
        LIST,
        List.class,
        list -> reduce(list, (a, b) -> order(a, b) <= 0 ? a : b));
    member(
        "max",
        SimpleType.DYN,
        LIST,
        List.class,
        list -> reduce(list, (a, b) -> order(a, b) >= 0 ? a : b));
    member("sum", SimpleType.DYN, LIST, List.class, CelEnvironment::sum);
    member2(
        "indexOf",
        SimpleType.INT,
        LIST,
        SimpleType.DYN,
        List.class,
        Object.class,
        (l, x) -> (long) l.indexOf(x));
    member2(
        "lastIndexOf",
        SimpleType.INT,
        LIST,
        SimpleType.DYN,
        List.class,
        Object.class,
        (l, x) -> (long) l.lastIndexOf(x));
  }

  private void addRegexFunctions() {
    member2(
        "find",
        SimpleType.STRING,
        SimpleType.STRING,
        SimpleType.STRING,
        String.class,
        String.class,
        CelEnvironment::find);
    member2(
        "findAll",
        ListType.create(SimpleType.STRING),
        SimpleType.STRING,
        SimpleType.STRING,
        String.class,
        String.class,
        CelEnvironment::findAll);
  }

  private void addQuantityFunctions() {
    function(
        "quantity",
        QUANTITY,
        SimpleType.STRING,
        String.class,
        text ->
            Quantity.parse(text)
                .orElseThrow(() -> new IllegalArgumentException("not a quantity: " + text)));
    function(
        "isQuantity",
        SimpleType.BOOL,
        SimpleType.STRING,
        String.class,
        text -> Quantity.parse(text).isPresent());
    member("sign", SimpleType.INT, QUANTITY, Quantity.class, q -> (long) q.amount().signum());
    member(
        "isInteger",
        SimpleType.BOOL,
        QUANTITY,
        Quantity.class,
        q -> q.amount().stripTrailingZeros().scale() <= 0);
    member("asInteger", SimpleType.INT, QUANTITY, Quantity.class, q -> q.amount().longValueExact());
    member(
        "asApproximateFloat",
        SimpleType.DOUBLE,
        QUANTITY,
        Quantity.class,
        q -> q.amount().doubleValue());
    compare("compareTo", SimpleType.INT, (a, b) -> (long) a.compareTo(b));
    compare("isGreaterThan", SimpleType.BOOL, (a, b) -> a.compareTo(b) > 0);
    compare("isLessThan", SimpleType.BOOL, (a, b) -> a.compareTo(b) < 0);
    compare("add", QUANTITY, (a, b) -> new Quantity(a.amount().add(b.amount())));
    compare("sub", QUANTITY, (a, b) -> new Quantity(a.amount().subtract(b.amount())));
  }

  private <A> void function(
      String name,
      CelType result,
      CelType argument,
      Class<A> type,
      CelFunctionOverload.Unary<A> body) {
    String id = "local_" + name;
    declarations.add(
        CelFunctionDecl.newFunctionDeclaration(
            name, CelOverloadDecl.newGlobalOverload(id, result, argument)));
    bindings.add(CelFunctionBinding.from(id, type, body));
  }

  private <A> void member(
      String name,
      CelType result,
      CelType receiver,
      Class<A> type,
      CelFunctionOverload.Unary<A> body) {
    String id = "local_" + receiver.kind() + "_" + name;
    declarations.add(
        CelFunctionDecl.newFunctionDeclaration(
            name, CelOverloadDecl.newMemberOverload(id, result, receiver)));
    bindings.add(CelFunctionBinding.from(id, type, body));
  }

  private <A, B> void member2(
      String name,
      CelType result,
      CelType receiver,
      CelType argument,
      Class<A> left,
      Class<B> right,
      CelFunctionOverload.Binary<A, B> body) {
    String id = "local_" + receiver.kind() + "_" + name;
    declarations.add(
        CelFunctionDecl.newFunctionDeclaration(
            name, CelOverloadDecl.newMemberOverload(id, result, receiver, argument)));
    bindings.add(CelFunctionBinding.from(id, left, right, body));
  }

  private void compare(
      String name, CelType result, CelFunctionOverload.Binary<Quantity, Quantity> body) {
    member2(name, result, QUANTITY, QUANTITY, Quantity.class, Quantity.class, body);
  }

  private static boolean isSorted(List<?> list) {
    for (int i = 1; i < list.size(); i++) {
      if (order(list.get(i - 1), list.get(i)) > 0) {
        return false;
      }
    }
    return true;
  }

  private static Object reduce(List<?> list, BinaryOperator<Object> choose) {
    return list.stream()
        .map(Object.class::cast)
        .reduce(choose)
        .orElseThrow(() -> new IllegalArgumentException("min/max called on an empty list"));
  }

  private static Object sum(List<?> list) {
    boolean whole = list.stream().allMatch(Long.class::isInstance);
    double total = list.stream().mapToDouble(x -> ((Number) x).doubleValue()).sum();
    return whole ? (Object) list.stream().mapToLong(x -> (Long) x).sum() : (Object) total;
  }

  private static int order(Object left, Object right) {
    if (left instanceof Number a && right instanceof Number b) {
      return Double.compare(a.doubleValue(), b.doubleValue());
    }
    return left.toString().compareTo(right.toString());
  }

  private static String find(String text, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    return matcher.find() ? matcher.group() : "";
  }

  private static List<String> findAll(String text, String pattern) {
    return Pattern.compile(pattern).matcher(text).results().map(r -> r.group()).toList();
  }
}
