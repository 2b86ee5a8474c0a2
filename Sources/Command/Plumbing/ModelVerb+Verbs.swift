extension Run: ModelVerb { package var modelName: String { model.model } }
extension Chat: ModelVerb { package var modelName: String { model.model } }
extension Show: ModelVerb { package var modelName: String { model } }
extension Tokenize: ModelVerb { package var modelName: String { model } }
extension Embed: ModelVerb { package var modelName: String { encoder } }
extension BenchEmbed: ModelVerb { package var modelName: String { encoder } }
extension Profile: ModelVerb {}
extension Optimize: ModelVerb { package var modelName: String { name } }
extension Quantize: ModelVerb { package var modelName: String { source } }
extension BenchModel: ModelVerb { package var modelName: String { model } }
extension EvalPerplexity: ModelVerb { package var modelName: String { options.model.model } }
extension EvalDivergence: ModelVerb { package var modelName: String { options.model.model } }
extension BenchAdapters: ModelVerb { package var modelName: String { model } }
