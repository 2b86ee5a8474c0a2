import ArgumentParser
import Compression
import Venturi

extension QuantizationRecipe: ExpressibleByArgument {
  /// The recipe of a name.
  public init?(argument: String) { self.init(name: argument) }

  /// The names.
  public static var allValueStrings: [String] { allCases.map(\.rawValue) }
}

/// A type of weights as users write it.
package struct WeightType: ExpressibleByArgument, Sendable, Equatable {
  /// The type.
  package var dtype: DType

  package init?(argument: String) {
    guard let dtype = DType(displayName: argument), (try? RowEncoder(dtype)) != nil else { return nil }
    self.dtype = dtype
  }

  package static var allValueStrings: [String] { RowEncoder.dtypes.map(\.displayName) }
}

/// `PATTERN=TYPE`: a type for the tensors in whose name an expression is found.
package struct TensorType: ExpressibleByArgument, Sendable, Equatable {
  /// The expression and the type.
  package var override: QuantizationOptions.Override

  package init?(argument: String) {
    guard let equals = argument.lastIndex(of: "="), equals > argument.startIndex,
      let type = WeightType(argument: String(argument[argument.index(after: equals)...]))
    else { return nil }
    override = QuantizationOptions.Override(pattern: String(argument[..<equals]), dtype: type.dtype)
  }
}

/// Recipes separated by commas.
package struct RecipeList: ExpressibleByArgument, Sendable, Equatable {
  /// The recipes, in the order given.
  package var recipes: [QuantizationRecipe]

  package init?(argument: String) {
    let names = argument.split(separator: ",", omittingEmptySubsequences: false)
    recipes = names.compactMap { QuantizationRecipe(name: String($0)) }
    if recipes.count != names.count || recipes.count > 32 { return nil }
  }
}
