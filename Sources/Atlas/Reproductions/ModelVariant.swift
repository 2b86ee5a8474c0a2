import Compression
import Profiling
import Venturi

/// The default model with its weights in a wanted type: the file itself where it has that, else a copy that goes when nobody holds it.
final class ModelVariant {
  /// The file.
  let path: String
  private let place: TemporaryPlace?

  /// The model at `source` if it is of one of the recipes, else as the first of them has it.
  ///
  /// - Throws: what reading and writing the files throws; `CancellationError`.
  init(_ source: String, as recipes: [QuantizationRecipe], _ conditions: RunConditions) throws {
    let checkpoint = try Checkpoint(path: source)
    let type = try checkpoint.uintIfPresent("general.file_type")
    guard let recipe = recipes.first, !recipes.contains(where: { Int($0.fileType) == type }) else {
      (path, place) = (source, nil)
      return
    }
    try conditions.next("the model as \(recipe.rawValue)")
    let place = try TemporaryPlace()
    var options = QuantizationOptions(recipe: recipe)
    options.allowsRequantizing = true
    let path = "\(place.path)/\(recipe.rawValue).gguf"
    try ModelQuantizer(checkpoint, options: options).write(to: path, workers: Workers(count: conditions.threads)) { _ in
      if conditions.isCancelled() { throw CancellationError() }
    }
    (self.path, self.place) = (path, place)
  }
}
