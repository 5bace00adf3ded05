class << Registry
  def register(name)
    @names << name
  end
end

def Registry.clear
  @names.clear
end

module Searchable
  extend ActiveSupport::Concern

  included do
    scope :recent, -> { order(:created_at) }
  end

  class_methods do
    # Finds by a word.
    def search(word) = where(word: word)
  end

  memoize def index
    build_index
  end

  Error = Class.new(StandardError)
end

namespace :db do
  desc "Fills the database"
  task fill: :environment do
    Searchable.search("x")
  end
end
