// Finds the sentence that means what a question asks for. `venturi pull minilm` fetches the model.
import Venturi

let sentences = [
  "The river runs fastest where its bed is narrow.", "A heron stands on one leg and waits.",
  "The baker moved his stall away from the gate.", "Every year a dredger digs the channel anew.",
]
let question = "Why is the water quick there?"

let embedder = try await Embedder.load("minilm")
let vectors = try await embedder.embed(sentences + [question])
// Vectors have length 1: their product is the cosine of the angle between them.
let wanted = vectors[sentences.count]
let scores = sentences.indices.map { index in zip(vectors[index], wanted).reduce(0) { $0 + $1.0 * $1.1 } }
for (score, sentence) in zip(scores, sentences).sorted(by: { $0.0 > $1.0 }) { print(score, sentence) }
