;;; asking.el --- Questions from Emacs, with the configuration of docs/editors.md  -*- lexical-binding: t -*-

;; Run by test_emacs.py in the folder of a small workspace, after the configuration and the client's own start.

(require 'ert)
(require 'xref)

(defvar asking-cart (expand-file-name "shop/cart.py" command-line-default-directory) "A file of the workspace.")
(defvar asking-shown nil "The xrefs that were last shown.")

(defun asking-show (fetcher _alist)
  "Keep what FETCHER gives, in place of a buffer with it."
  (setq asking-shown (funcall fetcher)))

(setq xref-show-xrefs-function #'asking-show)

(defun asking-shows (name &optional only-first)
  "Whether NAME is among what was shown, as a row says it; ONLY-FIRST: stands first."
  (seq-find (lambda (item) (string-match-p (regexp-quote name) (xref-item-summary item)))
            (if only-first (take 1 asking-shown) asking-shown)))

(defmacro asking-until (what &rest body)
  "Run BODY until it gives something; WHAT is said when it never does.
What fails meanwhile is tried again: the server is being started."
  (declare (indent 1))
  `(let ((deadline (+ (float-time) 240)) found problem)
     (while (not (setq found (condition-case failure (progn ,@body) (error (setq problem failure) nil))))
       (when (> (float-time) deadline)
         (ert-fail (list ,what problem asking-shown)))
       (accept-process-output nil 0.1))
     found))

(defun asking-goto (name)
  "Jump to the shown function NAME."
  (let ((item (asking-shows name)))
    (should item)
    (let ((marker (xref-location-marker (xref-item-location item))))
      (switch-to-buffer (marker-buffer marker))
      (goto-char marker))))

(ert-deftest asking-1-a-question-by-the-command ()
  (with-current-buffer (find-file-noselect asking-cart)
    (asking-until "the command never found it"
      (vizsla-search "where is a file sent again")
      (asking-shows "retry_upload" t))
    (asking-goto "retry_upload")
    (should (string-suffix-p "shop/uploads.py" (buffer-file-name)))
    (should (looking-at-p "def retry_upload"))))

(ert-deftest asking-2-a-question-by-workspace-symbols ()
  (with-current-buffer (find-file-noselect asking-cart)
    (asking-until "xref-find-apropos never found it"
      (xref-find-apropos "sum of all prices")
      (asking-shows "total_price"))
    (asking-goto "total_price")
    (should (looking-at-p " *def total_price\\|total_price"))))

(ert-deftest asking-3-text-that-is-not-saved ()
  (with-current-buffer (find-file-noselect asking-cart)
    (goto-char (point-min))
    (insert "def water_the_plants(garden):\n    return garden.rain()\n\n\n")
    (asking-until "unsaved text was never found"
      (vizsla-search "give flowers something to drink")
      (asking-shows "water_the_plants" t))
    (asking-goto "water_the_plants")
    (should (looking-at-p "def water_the_plants"))
    (should (buffer-modified-p))
    (should-not (with-temp-buffer
                  (insert-file-contents asking-cart)
                  (search-forward "water_the_plants" nil t)))))

;;; asking.el ends here
