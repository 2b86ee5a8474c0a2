/// A verb that works on a model: what is wrong in the file is said with the name that the user gave.
package protocol ModelVerb {
  /// The model's name or path, as given.
  var modelName: String { get }
}
