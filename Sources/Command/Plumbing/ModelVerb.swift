/// A verb that works on a model: what is wrong in the file is said with the name that the user gave.
protocol ModelVerb {
  /// The model's name or path, as given.
  var modelName: String { get }
}

extension Run: ModelVerb { var modelName: String { model.model } }
extension Chat: ModelVerb { var modelName: String { model.model } }
extension Show: ModelVerb { var modelName: String { model } }
extension Tokenize: ModelVerb { var modelName: String { model } }
extension Optimize: ModelVerb { var modelName: String { name } }
extension BenchModel: ModelVerb { var modelName: String { model } }
extension EvalPerplexity: ModelVerb { var modelName: String { options.model.model } }
extension EvalDivergence: ModelVerb { var modelName: String { options.model.model } }
